//! Models from a folder of bundles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nomogram::{Error, Limits, Model};
use serde::{Deserialize, Serialize};

use crate::models::Catalog;
use crate::problem::ProblemKind;
use crate::served::{Approval, Served};
use crate::trust::{RefusedBundle, TrustPolicy, is_refusal};

/// Where models come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// A folder whose files `*.nomo` are served.
    pub folder: Option<PathBuf>,
    /// The model of requests that name none.
    pub default: Option<String>,
    /// By model, the version of requests that name none.
    pub latest: BTreeMap<String, String>,
    /// By model, aliases and the versions that they name.
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
}

/// A folder of models, and perhaps the bundle of `--demo`.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Where it is, and what requests that name no version get.
    pub config: ModelsConfig,
    /// A bundle besides those of the folder.
    pub demo: Option<&'static [u8]>,
}

impl Folder {
    /// Reads all models, and which bundles the policy refuses. Those of `previous` with the same bundle are
    /// kept.
    ///
    /// # Errors
    ///
    /// A sentence with the file.
    pub(crate) fn read(
        &self,
        trust: &TrustPolicy,
        previous: &Catalog,
    ) -> Result<(Catalog, Vec<RefusedBundle>), String> {
        let (mut catalog, mut refused) = catalog(&self.config, trust, previous)?;
        if let Some(bytes) = self.demo {
            let name = "the model of --demo";
            match add(&mut catalog, bytes, trust, previous) {
                Ok(_is_new) => {}
                Err(error) if is_refusal(error.kind()) => {
                    refused.push(RefusedBundle { name: name.into(), reason: error.to_string() });
                }
                Err(error) => return Err(format!("{name}: {error}")),
            }
        }
        if !refused.is_empty() {
            catalog.keep_untrusted(previous, |name| self.config.latest.contains_key(name));
        }
        Ok((catalog, refused))
    }
}

/// The models of a folder, and the bundles of which the policy refused to open any. Those of `previous` with
/// the same bundle are kept.
///
/// # Errors
///
/// A sentence with the file.
fn catalog(
    config: &ModelsConfig,
    trust: &TrustPolicy,
    previous: &Catalog,
) -> Result<(Catalog, Vec<RefusedBundle>), String> {
    let mut catalog = Catalog::default();
    let mut refused = Vec::new();
    if let Some(folder) = &config.folder {
        for path in bundles(folder)? {
            refused.extend(add_file(&mut catalog, &path, trust, previous)?);
        }
        if catalog.served().next().is_none() && refused.is_empty() {
            return Err(format!("{}: no file `*.nomo`", folder.display()));
        }
    }
    choose(&mut catalog, config, !refused.is_empty())?;
    Ok((catalog, refused))
}

/// The files of a folder, in the order of their names.
fn bundles(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |cause: std::io::Error| format!("{}: {cause}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "nomo") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn add_file(
    catalog: &mut Catalog,
    path: &Path,
    trust: &TrustPolicy,
    previous: &Catalog,
) -> Result<Option<RefusedBundle>, String> {
    let shown = path.display();
    let failed = |error: Error| format!("{shown}: {error}");
    let bytes = Model::read_file(path, &Limits::default()).map_err(failed)?;
    match add(catalog, &bytes, trust, previous) {
        Ok(true) => Ok(None),
        Ok(false) => Err(format!("{shown}: another bundle has the same model name and version")),
        Err(error) if is_refusal(error.kind()) => {
            Ok(Some(RefusedBundle { name: shown.to_string(), reason: error.to_string() }))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Adds a bundle; returns whether its name and version are new.
fn add(
    catalog: &mut Catalog,
    bytes: &[u8],
    trust: &TrustPolicy,
    previous: &Catalog,
) -> Result<bool, Error> {
    let opened = Served::of_model(trust.open(bytes)?, Approval::NotRecorded)?;
    let found = catalog.find(Some(opened.name()), Some(opened.version()));
    let is_new = found.is_err();
    let is_same = |served: &&Arc<Served>| {
        served.digest() == opened.digest()
            // The digest leaves signatures out, and the policy asks for these again later.
            && served.model().signatures() == opened.model().signatures()
            && served.name() == opened.name()
            && served.version() == opened.version()
    };
    let kept = previous.served().find(is_same).cloned();
    if is_new {
        catalog.add(kept.unwrap_or_else(|| Arc::new(opened)));
    }
    Ok(is_new)
}

/// Applies default, latest versions and aliases. When bundles were refused, one of these may be what is
/// named: nothing answers in its place.
fn choose(catalog: &mut Catalog, config: &ModelsConfig, is_partial: bool) -> Result<(), String> {
    for (name, version) in &config.latest {
        match catalog.set_latest(name, version) {
            Ok(()) => {}
            Err(_) if is_partial => catalog.clear_latest(name),
            Err(_) => {
                return Err(format!("models: latest: no version `{version}` of a model `{name}`"));
            }
        }
    }
    for (name, aliases) in &config.aliases {
        for (alias, version) in aliases {
            match catalog.set_alias(name, alias, version) {
                Err(problem) if !(is_partial && problem.kind() == ProblemKind::UnknownModel) => {
                    return Err(format!(
                        "models: aliases: {name}: {alias}: {problem} (`{version}`)"
                    ));
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
    if let Some(name) = &config.default {
        match catalog.set_default(name) {
            Ok(()) => {}
            Err(_) if is_partial => catalog.prefer(name),
            Err(_) => return Err(format!("models: default: no model `{name}`")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_did_not_change_is_kept() {
        let folder = std::env::temp_dir().join(format!("nomogram-folder-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.nomo");
        std::fs::write(&path, nomogram_testkit::bundle_of_three_members()).unwrap();
        let config = ModelsConfig { folder: Some(folder.clone()), ..ModelsConfig::default() };
        let read = |previous: &Catalog| {
            catalog(&config, &TrustPolicy::default(), previous).map(|(catalog, _)| catalog)
        };
        let first = read(&Catalog::default()).unwrap();
        let second = read(&first).unwrap();
        let served = |catalog: &Catalog| Arc::clone(catalog.served().next().unwrap());
        assert!(Arc::ptr_eq(&served(&first), &served(&second)));

        std::fs::write(folder.join("b.nomo"), std::fs::read(&path).unwrap()).unwrap();
        assert!(read(&first).unwrap_err().contains("b.nomo: another bundle"));
        std::fs::write(folder.join("b.nomo"), b"no bundle").unwrap();
        assert!(read(&first).unwrap_err().contains("b.nomo"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(read(&first).is_err());
    }

    #[test]
    fn nothing_answers_in_place_of_a_bundle_that_the_policy_refuses() {
        let folder = std::env::temp_dir().join(format!("nomogram-trust-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let bundle = nomogram_testkit::bundle_of_three_members();
        let model = Model::open(&bundle).unwrap();
        let (name, digest) = (model.manifest().name.clone(), model.digest().to_string());
        std::fs::write(folder.join("a.nomo"), bundle).unwrap();
        std::fs::write(folder.join("b.nomo"), nomogram_testkit::bundle_of_policies()).unwrap();
        let policy = folder.join("trust.txt");
        std::fs::write(&policy, format!("digest {digest}\n")).unwrap();
        let trust = TrustPolicy::read(&policy).unwrap();
        let mut config = ModelsConfig { folder: Some(folder.clone()), ..ModelsConfig::default() };
        let (found, refused) = catalog(&config, &trust, &Catalog::default()).unwrap();
        assert_eq!(found.served().map(|served| served.digest()).collect::<Vec<_>>(), [&digest]);
        assert_eq!(refused.len(), 1);
        assert!(refused[0].name.ends_with("b.nomo"), "{refused:?}");
        assert!(refused[0].reason.contains("which is pinned"), "{refused:?}");

        config.default = Some("refused".into());
        config.latest.insert(name.clone(), "9".into());
        let (found, _) = catalog(&config, &trust, &Catalog::default()).unwrap();
        assert!(found.find(None, None).is_err() && found.find(Some(&name), None).is_err());
        assert!(catalog(&config, &TrustPolicy::default(), &Catalog::default()).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
