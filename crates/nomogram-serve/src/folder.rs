//! Models from a folder of bundles.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nomogram::{Limits, Model};

use crate::config::ModelsConfig;
use crate::models::Catalog;
use crate::served::{Approval, Served};

/// The models of a folder; those of `previous` with the same bundle are kept.
///
/// # Errors
///
/// A sentence with the file.
pub(crate) fn catalog(config: &ModelsConfig, previous: &Catalog) -> Result<Catalog, String> {
    let mut catalog = Catalog::default();
    if let Some(folder) = &config.folder {
        for path in bundles(folder)? {
            add_file(&mut catalog, &path, previous)?;
        }
        if catalog.served().next().is_none() {
            return Err(format!("{}: no file `*.nomo`", folder.display()));
        }
    }
    choose(&mut catalog, config)?;
    Ok(catalog)
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

fn add_file(catalog: &mut Catalog, path: &Path, previous: &Catalog) -> Result<(), String> {
    let shown = path.display();
    let failed = |error: nomogram::Error| format!("{shown}: {error}");
    let bytes = Model::read_file(path, &Limits::default()).map_err(failed)?;
    let served = add(catalog, &bytes, previous).map_err(failed)?;
    match served {
        true => Ok(()),
        false => Err(format!("{shown}: another bundle has the same model name and version")),
    }
}

/// Adds a bundle; returns whether its name and version are new.
pub(crate) fn add(
    catalog: &mut Catalog,
    bytes: &[u8],
    previous: &Catalog,
) -> Result<bool, nomogram::Error> {
    let opened = Served::open(bytes, Approval::NotRecorded)?;
    let found = catalog.find(Some(opened.name()), Some(opened.version()));
    let is_new = found.is_err();
    let is_same = |served: &&Arc<Served>| {
        served.digest() == opened.digest()
            && served.name() == opened.name()
            && served.version() == opened.version()
    };
    let kept = previous.served().find(is_same).cloned();
    if is_new {
        catalog.add(kept.unwrap_or_else(|| Arc::new(opened)));
    }
    Ok(is_new)
}

/// Applies default, latest versions and aliases.
fn choose(catalog: &mut Catalog, config: &ModelsConfig) -> Result<(), String> {
    for (name, version) in &config.latest {
        let chosen = catalog.set_latest(name, version);
        chosen
            .map_err(|_| format!("models: latest: no version `{version}` of a model `{name}`"))?;
    }
    for (name, aliases) in &config.aliases {
        for (alias, version) in aliases {
            catalog.set_alias(name, alias, version).map_err(|problem| {
                format!("models: aliases: {name}: {alias}: {problem} (`{version}`)")
            })?;
        }
    }
    if let Some(name) = &config.default {
        catalog.set_default(name).map_err(|_| format!("models: default: no model `{name}`"))?;
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
        let first = catalog(&config, &Catalog::default()).unwrap();
        let second = catalog(&config, &first).unwrap();
        let served = |catalog: &Catalog| Arc::clone(catalog.served().next().unwrap());
        assert!(Arc::ptr_eq(&served(&first), &served(&second)));

        std::fs::write(folder.join("b.nomo"), std::fs::read(&path).unwrap()).unwrap();
        assert!(catalog(&config, &first).unwrap_err().contains("b.nomo: another bundle"));
        std::fs::write(folder.join("b.nomo"), b"no bundle").unwrap();
        assert!(catalog(&config, &first).unwrap_err().contains("b.nomo"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(catalog(&config, &first).is_err());
    }
}
