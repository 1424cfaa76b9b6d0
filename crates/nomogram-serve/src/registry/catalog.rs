//! The models that a registry lets be served.

use std::convert::Infallible;
use std::sync::Arc;

use nomogram_registry::{ModelRecord, Registry, State, VersionRecord, block_on};

use super::RegistryConfig;
use super::fault::Fault;
use super::standing::Standing;
use crate::models::{Catalog, Models, Withdrawal};
use crate::served::{Approval, Served};
use crate::trust::{RefusedBundle, TrustPolicy, is_refusal};

/// The alias whose version answers requests that name no version.
const CHAMPION: &str = "champion";

/// The models of a registry, and those of its versions that the policy refuses. Models of `previous` with the
/// same bundle are kept.
pub(super) fn read(
    registry: &Registry,
    config: &RegistryConfig,
    trust: &TrustPolicy,
    previous: &Catalog,
) -> Result<(Catalog, Vec<RefusedBundle>), Fault> {
    let state = registry.state()?;
    let mut refused = Vec::new();
    let mut catalog = Catalog::default();
    for (name, record) in state.models() {
        let mut newest = None;
        for (&number, version) in &record.versions {
            match Standing::new(&state, config, (name, record), (number, version)) {
                Standing::Served(approval) => {
                    if matches!(approval, Approval::Approved { .. }) {
                        newest = Some(number);
                    }
                    let named = (name.as_str(), number, version);
                    match open(registry, trust, previous, named, approval)? {
                        Ok(served) => catalog.add(served),
                        Err(reason) => {
                            catalog.withdraw(name, &number.to_string(), Withdrawal::Untrusted);
                            refused
                                .push(RefusedBundle { name: format!("{name}@{number}"), reason });
                        }
                    }
                }
                Standing::Revoked { is_chosen } => {
                    catalog.withdraw(name, &number.to_string(), Withdrawal::Revoked);
                    if is_chosen {
                        newest = Some(number);
                    }
                }
                Standing::Withheld => {}
            }
        }
        name_versions(&mut catalog, name, record, newest);
    }
    Ok((catalog, refused))
}

/// Serves no longer what verified entries revoke, or take out of the stages that are served.
pub(super) fn withdraw(models: &Models, state: &State, config: &RegistryConfig) {
    let catalog = models.catalog();
    let standings = catalog.served().filter_map(|served| {
        let number = served.version().parse().ok()?;
        let record = state.model(served.name()).ok()?;
        let version = record.versions.get(&number)?;
        let standing = Standing::new(state, config, (served.name(), record), (number, version));
        Some((Arc::clone(served), standing))
    });
    let withdrawn: Vec<(Arc<Served>, Standing)> =
        standings.filter(|(_, standing)| !matches!(standing, Standing::Served(_))).collect();
    if withdrawn.is_empty() {
        return;
    }
    let Ok(()) = models.change(|catalog| {
        for (served, standing) in &withdrawn {
            match standing {
                Standing::Served(_) => {}
                Standing::Revoked { .. } => {
                    catalog.withdraw(served.name(), served.version(), Withdrawal::Revoked)
                }
                Standing::Withheld => {
                    let found = catalog.find(Some(served.name()), None);
                    // No other version answers instead, until the registry can be read.
                    if found.is_ok_and(|latest| latest.version() == served.version()) {
                        catalog.clear_latest(served.name());
                    }
                    catalog.remove(served.name(), served.version());
                }
            }
        }
        Ok::<(), Infallible>(())
    });
}

/// Opens a version. The inner error is why the policy refuses it.
fn open(
    registry: &Registry,
    trust: &TrustPolicy,
    previous: &Catalog,
    (name, number, version): (&str, u32, &VersionRecord),
    approval: Approval,
) -> Result<Result<Arc<Served>, String>, Fault> {
    let number = number.to_string();
    let registration = &version.registration;
    let digest = registration.bundle.to_string();
    let known = previous.find(Some(name), Some(&number)).ok();
    if let Some(served) = known.filter(|served| served.digest() == digest)
        && trust.verify(served.model()).is_ok()
    {
        served.set_approval(approval);
        return Ok(Ok(Arc::clone(served)));
    }
    let bytes = block_on(registry.blob(&registration.blob))?;
    let damaged = |detail: String| Fault::damaged(format!("{name}@{number}: {detail}"));
    let model = match trust.open(&bytes) {
        Ok(model) => Arc::new(model),
        Err(error) if is_refusal(error.kind()) => return Ok(Err(error.to_string())),
        Err(error) => return Err(damaged(error.to_string())),
    };
    let served = Served::new(model, name.to_owned(), number.clone(), approval)
        .map_err(|error| damaged(error.to_string()))?;
    if served.digest() != digest {
        let found = served.digest();
        return Err(damaged(format!("the bundle has the digest {found}, expected {digest}")));
    }
    Ok(Ok(Arc::new(served)))
}

/// Sets aliases, and the version of requests that name none: the champion, or else the newest one that was
/// approved.
fn name_versions(catalog: &mut Catalog, name: &str, record: &ModelRecord, newest: Option<u32>) {
    match newest {
        Some(number) => {
            let _chosen = catalog.set_latest(name, &number.to_string());
        }
        None => catalog.clear_latest(name),
    }
    for alias in record.aliases.keys() {
        let Some(number) = record.alias(alias) else { continue };
        // An alias of a version that is not served names nothing.
        let named = catalog.set_alias(name, alias, &number.to_string());
        if named.is_ok() && alias == CHAMPION {
            let _chosen = catalog.set_latest(name, &number.to_string());
        }
    }
}
