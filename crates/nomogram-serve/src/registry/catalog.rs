//! The models that a registry lets be served.

use std::convert::Infallible;
use std::sync::Arc;

use nomogram::Model;
use nomogram_registry::{ModelRecord, Registry, State, VersionRecord, block_on};

use super::RegistryConfig;
use super::fault::Fault;
use super::standing::Standing;
use crate::models::{Catalog, Models};
use crate::served::{Approval, Served};

/// The alias whose version answers requests that name no version.
const CHAMPION: &str = "champion";

/// The models of a registry; those of `previous` with the same bundle are kept.
pub(super) fn read(
    registry: &Registry,
    config: &RegistryConfig,
    previous: &Catalog,
) -> Result<Catalog, Fault> {
    let state = registry.state()?;
    let mut catalog = Catalog::default();
    for (name, record) in state.models() {
        let mut newest = None;
        for (&number, version) in &record.versions {
            match Standing::new(&state, config, (name, record), (number, version)) {
                Standing::Served(approval) => {
                    if matches!(approval, Approval::Approved { .. }) {
                        newest = Some(number);
                    }
                    catalog.add(open(registry, previous, (name, number, version), approval)?);
                }
                Standing::Revoked { is_chosen } => {
                    catalog.revoke(name, &number.to_string());
                    if is_chosen {
                        newest = Some(number);
                    }
                }
                Standing::Withheld => {}
            }
        }
        name_versions(&mut catalog, name, record, newest);
    }
    Ok(catalog)
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
                Standing::Revoked { .. } => catalog.revoke(served.name(), served.version()),
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

fn open(
    registry: &Registry,
    previous: &Catalog,
    (name, number, version): (&str, u32, &VersionRecord),
    approval: Approval,
) -> Result<Arc<Served>, Fault> {
    let number = number.to_string();
    let registration = &version.registration;
    let digest = registration.bundle.to_string();
    let known = previous.find(Some(name), Some(&number)).ok();
    if let Some(served) = known.filter(|served| served.digest() == digest) {
        served.set_approval(approval);
        return Ok(Arc::clone(served));
    }
    let bytes = block_on(registry.blob(&registration.blob))?;
    let damaged = |detail: String| Fault::damaged(format!("{name}@{number}: {detail}"));
    let model = Arc::new(Model::open(&bytes).map_err(|error| damaged(error.to_string()))?);
    let served = Served::new(model, name.to_owned(), number.clone(), approval)
        .map_err(|error| damaged(error.to_string()))?;
    if served.digest() != digest {
        let found = served.digest();
        return Err(damaged(format!("the bundle has the digest {found}, expected {digest}")));
    }
    Ok(Arc::new(served))
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
