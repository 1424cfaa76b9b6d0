//! Exports are read back, or compiled, and predict what the bundle predicts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;

use nomogram::{Model, Session};
use nomogram_export::{Format, export};
use nomogram_import::{Limits, Options, import};

/// A LightGBM model with missing values and a category: `objective` and the values of the leaves are free.
fn lightgbm(objective: &str, n_classes: usize) -> Vec<u8> {
    let tree = |index: usize, leaves: [f64; 3]| {
        format!(
            "Tree={index}\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=1 1\nthreshold=0.30000000000000004 0\ndecision_type=10 1\nleft_child=-1 -2\nright_child=1 -3\nleaf_value={} {} {}\nleaf_weight=1 1 1\nleaf_count=1 1 1\ninternal_value=0 0\ninternal_weight=0 0\ninternal_count=3 2\ncat_boundaries=0 1\ncat_threshold=5\nis_linear=0\nshrinkage=1\n\n\n",
            leaves[0], leaves[1], leaves[2]
        )
    };
    let trees: String = (0..2 * n_classes)
        .map(|index| {
            let x = 0.1 + f64::from(u8::try_from(index).unwrap()) / 7.0;
            tree(index, [x, -1.5 * x, 0.7 - x])
        })
        .collect();
    format!(
        "tree\nversion=v4\nnum_class={n_classes}\nnum_tree_per_iteration={n_classes}\nlabel_index=0\nmax_feature_idx=1\nobjective={objective}\nfeature_names=age stage\nfeature_infos=[0:1] 0:1:2\ntree_sizes=0 0\n\n{trees}end of trees\n\npandas_categorical:[[\"I\", \"II & <III>\", \"IV\"]]\n"
    )
    .into_bytes()
}

fn bundle(model: &[u8]) -> Vec<u8> {
    let imported = import(model, None, &Options::default(), &Limits::default()).unwrap();
    imported.seal(&[]).unwrap().bundle
}

fn bundles() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("regression", bundle(&lightgbm("regression", 1))),
        ("binary", bundle(&lightgbm("binary sigmoid:1", 1))),
        ("multiclass", bundle(&lightgbm("multiclass num_class:3", 3))),
        ("poisson", bundle(&lightgbm("poisson", 1))),
    ]
}

fn session(bundle: &[u8]) -> Session {
    Session::try_new(Arc::new(Model::open(bundle).unwrap())).unwrap()
}

#[test]
fn a_document_is_read_back_with_its_verification() {
    for (name, bundle) in bundles() {
        let text = export(&bundle, Format::Pmml).unwrap();
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
}

#[test]
fn c_source_compiles_without_a_warning_and_gives_the_bits_of_the_bundle() {
    let folder = std::env::temp_dir().join(format!("nomogram-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bundle) in bundles() {
        let mut text = export(&bundle, Format::CSource).unwrap();
        assert!(!text.contains("malloc"), "{name}");
        let (_, golden) = nomogram::unseal(&bundle).unwrap();
        let mut session = session(&bundle);
        let mut expected = String::new();
        let n_outputs = session.predict_row(&golden.row(0).to_vec()).unwrap().outputs().len();
        let bits = |value: f64| format!("{:016x}", value.to_bits());
        text.push_str("#include <stdio.h>\nstatic double of(uint64_t b) { double v; memcpy(&v, &b, 8); return v; }\nint main(void) {\n  double x[2], out[8]; uint64_t b; int k;\n");
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
        let (source, program) = (folder.join(format!("{name}.c")), folder.join(name));
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
}

#[test]
fn what_would_change_the_numbers_is_refused_by_name() {
    let meld = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/equations/meld.yaml");
    let bundle = bundle(&std::fs::read(meld).unwrap());
    for format in [Format::Pmml, Format::CSource] {
        let error = export(&bundle, format).unwrap_err().to_string();
        assert!(error.contains("not supported: the steps of branch `terms`"), "{error}");
    }
}
