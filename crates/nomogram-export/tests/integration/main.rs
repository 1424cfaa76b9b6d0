//! Exports are read back, or compiled, and predict what the bundle predicts.
//!
//! With `NOMOGRAM_EXPORTS=FOLDER` they are also written, for `tests/reference/check_pmml.py` and `check_onnx.py`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod onnx;
mod sources;

use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;

use nomogram::{Model, Session};
use nomogram_export::{Format, export};
use nomogram_import::{Limits, Options, import};
use sources::{fixtures, linear};

fn bundle(model: &[u8]) -> Vec<u8> {
    let imported = import(model, None, &Options::default(), &Limits::default()).unwrap();
    imported.seal(&[]).unwrap().bundle
}

/// Models of LightGBM, with missing values and categories, and linear models, also in single precision.
fn bundles() -> Vec<(String, Vec<u8>)> {
    let single = fixtures("xgboost-3.2.0.jsonl").into_iter();
    let single = single.filter(|source| source.name.starts_with("gblinear"));
    let all = fixtures("lightgbm-4.6.0.jsonl").into_iter().chain(linear()).chain(single);
    all.map(|source| (source.name, source.bundle)).collect()
}

fn session(bundle: &[u8]) -> Session {
    Session::try_new(Arc::new(Model::open(bundle).unwrap())).unwrap()
}

#[test]
fn a_document_is_read_back_with_its_verification() {
    let mut n_written = 0;
    for (name, bundle) in bundles() {
        let text = match export(&bundle, Format::Pmml) {
            Ok(text) => String::from_utf8(text).unwrap(),
            Err(error) => {
                assert!(error.to_string().starts_with("not supported: "), "{name}: {error}");
                println!("{name}: {error}");
                continue;
            }
        };
        n_written += 1;
        if let Some(folder) = std::env::var_os("NOMOGRAM_EXPORTS") {
            let path = std::path::PathBuf::from(folder).join(format!("{name}.pmml"));
            std::fs::write(path, &text).unwrap();
        }
        let imported = import(text.as_bytes(), None, &Options::default(), &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(imported.expected.len() > 16, "{name}");
        let again = imported.seal(&[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (_, golden) = nomogram::unseal(&bundle).unwrap();
        let (mut first, mut second) = (session(&bundle), session(&again.bundle));
        for row in golden.rows() {
            let row = row.to_vec();
            let expected = first.predict_row(&row).unwrap().outputs().to_vec();
            let found = second.predict_row(&row).unwrap().outputs().to_vec();
            assert_eq!(found, expected, "{name}: {row:?}");
        }
    }
    assert!(n_written >= 14, "{n_written} documents");
}

#[test]
fn c_source_compiles_without_a_warning_and_gives_the_bits_of_the_bundle() {
    let folder = std::env::temp_dir().join(format!("nomogram-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut n_written = 0;
    for (name, bundle) in bundles() {
        let mut text = match export(&bundle, Format::CSource) {
            Ok(text) => String::from_utf8(text).unwrap(),
            Err(error) => {
                assert!(error.to_string().starts_with("not supported: "), "{name}: {error}");
                println!("{name}: {error}");
                continue;
            }
        };
        n_written += 1;
        assert!(!text.contains("malloc"), "{name}");
        let (_, golden) = nomogram::unseal(&bundle).unwrap();
        let mut session = session(&bundle);
        let mut expected = String::new();
        let n_outputs = session.predict_row(&golden.row(0).to_vec()).unwrap().outputs().len();
        let bits = |value: f64| format!("{:016x}", value.to_bits());
        text.push_str("#include <stdio.h>\nstatic double of(uint64_t b) { double v; memcpy(&v, &b, 8); return v; }\nint main(void) {\n  double x[64], out[8]; uint64_t b; int k;\n");
        for row in golden.rows() {
            let row = row.to_vec();
            for (index, value) in row.iter().enumerate() {
                let _ = writeln!(text, "  x[{index}] = of(UINT64_C(0x{}));", bits(*value));
            }
            let _ = writeln!(
                text,
                "  nomogram_predict(x, out); for (k = 0; k < {n_outputs}; k++) {{ memcpy(&b, &out[k], 8); printf(\"%08lx%08lx\\n\", (unsigned long)(b >> 32), (unsigned long)(b & 0xffffffffu)); }}"
            );
            for value in session.predict_row(&row).unwrap().outputs() {
                let _ = writeln!(expected, "{}", bits(*value));
            }
        }
        text.push_str("  return 0;\n}\n");
        let (source, program) = (folder.join(format!("{name}.c")), folder.join(&name));
        std::fs::write(&source, text).unwrap();
        let compiled = Command::new("cc")
            .args(["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o"])
            .args([&program, &source])
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let found = Command::new(&program).output().unwrap();
        assert_eq!(String::from_utf8(found.stdout).unwrap(), expected, "{name}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(n_written >= 20, "{n_written} files");
}

#[test]
fn what_would_change_the_numbers_is_refused_by_name() {
    let meld = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/equations/meld.yaml");
    let bundle = bundle(&std::fs::read(meld).unwrap());
    for format in [Format::Pmml, Format::CSource] {
        let error = export(&bundle, format).unwrap_err().to_string();
        assert!(error.contains("not supported: the steps of branch `terms`"), "{error}");
    }
    let error = export(&bundle, Format::Onnx).unwrap_err().to_string();
    assert_eq!(error, "not supported: a logarithm in branch `terms` in ONNX");
}
