//! One changed byte anywhere is named, by opening or by an audit.

use std::fs;
use std::path::{Path, PathBuf};

use nomogram_registry::{Act, Author, Error, NewVersion, Registry, Role, block_on};
use nomogram_testkit::bundle_of_three_members;

use crate::clinic::{Clinic, evaluation, key, new_folder, options, set_clock};

/// Every byte.
const EVERY: usize = 1;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn one_changed_byte_anywhere_is_named() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), Some(evaluation(0.9, 1.0, 0.9))).unwrap();
    clinic.approve("ana", 1).unwrap();
    block_on(clinic.registry.publish_checkpoint(&key("olga"))).unwrap();
    let newcomer = clinic.open_anew().unwrap();
    assert!(block_on(newcomer.audit()).unwrap().findings.is_empty());
    let root = Path::new(clinic.location());
    let mut n_changed = 0;
    for path in files(root) {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        // Every byte of small files would take minutes; a prime reaches every kind of place.
        let step = if bytes.len() < 200 { 1 } else { 97 };
        for place in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[place] ^= if n_changed % 2 == 0 { 0x01 } else { 0x20 };
            fs::write(&path, changed).unwrap();
            let audit = block_on(newcomer.audit()).unwrap();
            let is_named = audit.findings.iter().any(|finding| finding.place == name);
            assert!(is_named, "byte {place} of {name}: {:?}", audit.findings);
            n_changed += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(n_changed > 200, "{n_changed}");
    assert!(block_on(newcomer.audit()).unwrap().findings.is_empty());
}

/// A registry with one version, as small as one with every kind of object can be, and its folder.
fn small_registry() -> (PathBuf, PathBuf) {
    let folder = new_folder();
    let (location, key) = (folder.join("registry"), key("olga"));
    let author = Author::new(&key).because("all that there is");
    let place = location.to_str().unwrap();
    let founded = Registry::found(place, "small.example", "olga", &author, options(&folder));
    let registry = block_on(founded).unwrap();
    let roles = vec![Role::Administrator, Role::Trainer];
    let person = Act::Person { person: "olga".into(), roles };
    block_on(registry.append(&author, |_| Ok(person.clone()))).unwrap();
    let bundle = nomogram_testkit::bundle_of_a_number().into();
    let version = NewVersion { model: "risk".into(), bundle, ..NewVersion::default() };
    block_on(registry.register(&author, version)).unwrap();
    block_on(registry.publish_checkpoint(&key)).unwrap();
    (folder, location)
}

/// Another byte in each place of a file in turn, one bit changed; a prime reaches every kind of place.
fn changes(bytes: &[u8], step: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).step_by(step).map(|place| {
        let mut changed = bytes.to_vec();
        changed[place] ^= 1 << (place % 8);
        (place, changed)
    })
}

fn open_small(folder: &Path, location: &Path) -> Result<Registry, Error> {
    block_on(Registry::open(location.to_str().unwrap(), options(folder)))
}

#[test]
fn every_byte_of_a_small_registry_counts() {
    set_clock("2026-01-05");
    let (folder, location) = small_registry();
    let registry = open_small(&folder, &location).unwrap();
    let mut n_changed = 0;
    for path in files(&location) {
        let name = path.strip_prefix(&location).unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        for (place, changed) in changes(&bytes, EVERY) {
            fs::write(&path, changed).unwrap();
            let audit = block_on(registry.audit()).unwrap();
            let is_named = audit.findings.iter().any(|finding| finding.place == name);
            assert!(is_named, "byte {place} of {name}: {:?}", audit.findings);
            n_changed += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    println!("{n_changed} changes");
    assert!(block_on(registry.audit()).unwrap().findings.is_empty());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_changed_byte_of_an_index_is_named_or_changes_nothing() {
    set_clock("2026-01-05");
    let (folder, location) = small_registry();
    let path = folder.join("index.sqlite");
    let version = "risk@1".parse().unwrap();
    let truth = open_small(&folder, &location).unwrap();
    let (head, statements) = (truth.head().unwrap(), truth.statements().unwrap());
    let resolved = truth.resolve(&version).unwrap();
    drop(truth);
    let bytes = fs::read(&path).unwrap();
    let [mut n_named, mut n_harmless] = [0, 0];
    for (place, changed) in changes(&bytes, 11) {
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(folder.join(format!("index.sqlite{suffix}")));
        }
        fs::write(&path, changed).unwrap();
        let named = |error: Error| {
            let text = error.to_string();
            assert!(text.contains("index.sqlite") || text.contains("log/"), "{place}: {text}");
        };
        let registry = match open_small(&folder, &location) {
            Ok(registry) => registry,
            Err(error) => {
                named(error);
                n_named += 1;
                continue;
            }
        };
        match block_on(registry.audit()) {
            Err(error) => named(error),
            Ok(audit) if audit.findings.is_empty() => {
                assert_eq!(registry.head().unwrap(), head, "{place}");
                assert_eq!(registry.statements().unwrap(), statements, "{place}");
                assert_eq!(registry.resolve(&version).unwrap(), resolved, "{place}");
                n_harmless += 1;
                continue;
            }
            Ok(audit) => {
                let is_index = |place: &str| place.ends_with("index.sqlite");
                assert!(audit.findings.iter().all(|f| is_index(&f.place)), "{place}: {audit:?}");
            }
        }
        n_named += 1;
    }
    println!("{n_named} named, {n_harmless} in unused places");
    assert!(n_named > 100 && n_harmless > 100);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_changed_entry_does_not_open_and_a_changed_bundle_is_not_pulled() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    let blob = clinic.resolve("risk@1").unwrap().blob().to_string();
    let name = format!("blobs/sha256/{}/{blob}", &blob[..2]);
    let mut bytes = fs::read(clinic.path(&name)).unwrap();
    bytes[100] ^= 1;
    fs::write(clinic.path(&name), &bytes).unwrap();
    let error = block_on(clinic.registry.pull(&"risk@1".parse().unwrap())).unwrap_err().to_string();
    assert!(error.starts_with(&name), "{error}");
    let name = "log/0000000000000002.json";
    let text = fs::read_to_string(clinic.path(name)).unwrap();
    fs::write(clinic.path(name), text.replace("\"sig\":\"", "\"sig\": \"")).unwrap();
    let error = clinic.open_anew().unwrap_err().to_string();
    assert!(error.starts_with(name) && error.contains("encoding"), "{error}");
    fs::remove_file(clinic.path(name)).unwrap();
    let error = clinic.open_anew().unwrap_err().to_string();
    assert!(error.starts_with(name) && error.contains("is missing"), "{error}");
}

#[test]
fn foreign_files_are_named() {
    let clinic = Clinic::new();
    for name in ["notes.txt", "log/readme", "log/0000000000000099.json", "blobs/sha256/ab/x"] {
        let path = clinic.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        let audit = block_on(clinic.registry.audit()).unwrap();
        assert!(audit.findings.iter().any(|finding| finding.place == name), "{name}: {audit:?}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn an_index_is_built_anew_when_it_is_gone_or_no_index() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    let path = clinic.folder.join("index.sqlite");
    let head = clinic.registry.head().unwrap();
    for bytes in [None, Some("no database")] {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(clinic.folder.join(format!("index.sqlite{suffix}")));
        }
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).unwrap();
        }
        let reopened = clinic.reopen().unwrap();
        assert_eq!(reopened.head().unwrap(), head);
        assert_eq!(reopened.resolve(&"risk@latest".parse().unwrap()).unwrap().number, 1);
    }
}
