//! `nomogram export`: PMML that is imported again, C source, and refusals.

use crate::folder::Folder;

/// A folder with the bundle of a small XGBoost model and of an equation.
fn with_bundles() -> Folder {
    let folder = Folder::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let model = format!("{root}/crates/nomogram-import/tests/data/small_xgboost.json");
    folder.write("model.json", std::fs::read(model).unwrap());
    folder
        .write("meld.yaml", std::fs::read(format!("{root}/examples/equations/meld.yaml")).unwrap());
    folder.ok("import model.json -o model.nomo");
    folder.ok("import meld.yaml -o meld.nomo");
    folder
}

#[test]
fn the_extension_chooses_the_format() {
    let folder = with_bundles();
    folder.ok("export model.nomo -o model.c");
    assert!(folder.read("model.c").contains("void nomogram_predict("));
    let run = folder.run("export model.nomo -o model.txt");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("expected the extension .pmml, .c or .onnx"), "{}", run.stderr);
}

#[test]
fn what_would_change_the_numbers_is_refused_and_nothing_is_written() {
    let folder = with_bundles();
    let run = folder.run("export model.nomo -o model.pmml");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("rounds to single precision"), "{}", run.stderr);
    let run = folder.run("export meld.nomo -o meld.c");
    assert!(run.stderr.contains("meld.nomo: not supported: the steps"), "{}", run.stderr);
    assert!(folder.names().iter().all(|name| name != "meld.c" && name != "model.pmml"));
}
