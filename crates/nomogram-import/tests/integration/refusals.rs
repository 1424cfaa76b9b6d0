//! What has no exact counterpart is refused by name and place.

use crate::records::{Record, records};
use nomogram_import::{
    ErrorKind, Limits, Options, Rounds, SchemaFile, import, read_expected, write_rows,
};

fn record(format: &str, name: &str) -> Record {
    records().find(|record| record.format == format && record.name == name).unwrap()
}

fn text(format: &str, name: &str) -> String {
    String::from_utf8(record(format, name).model).unwrap()
}

fn error(text: &str) -> nomogram_import::Error {
    import(text.as_bytes(), None, &Options::default(), &Limits::default()).unwrap_err()
}

#[test]
fn unsupported_things_are_named() {
    let xgboost = text("xgboost-json", "logistic");
    let gblinear = text("xgboost-json", "gblinear");
    let lightgbm = text("lightgbm", "binary");
    let catboost = text("catboost", "logloss");
    for (model, from, to, message) in [
        (
            &xgboost,
            "binary:logistic",
            "rank:ndcg",
            "learner.objective.name: not supported: objective `rank:ndcg`",
        ),
        (&xgboost, "binary:logistic", "my:own", "not supported: objective `my:own`"),
        (&xgboost, "\"gbtree\"", "\"gbother\"", "booster `gbother`"),
        (
            &gblinear,
            "\"feature_types\":[\"q\"",
            "\"feature_types\":[\"c\"",
            "category `radius` in `gblinear`",
        ),
        (&xgboost, "\"num_target\":\"1\"", "\"num_target\":\"3\"", "several targets"),
        (&lightgbm, "objective=binary sigmoid:1", "objective=lambdarank", "objective `lambdarank`"),
        (
            &lightgbm,
            "objective=binary sigmoid:1",
            "objective=multiclassova num_class:3 sigmoid:1",
            "`multiclassova`",
        ),
        (&lightgbm, "objective=binary sigmoid:1\n", "", "custom objective"),
        (&lightgbm, "objective=binary sigmoid:1", "objective=regression sqrt", "`regression sqrt`"),
        (&catboost, "\"type\":\"Logloss\"", "\"type\":\"YetiRank\"", "loss function `YetiRank`"),
        (
            &catboost,
            "\"split_type\":\"FloatFeature\"",
            "\"split_type\":\"OnlineCtr\"",
            "`OnlineCtr`",
        ),
    ] {
        let changed = model.replace(from, to);
        assert_ne!(&changed, model, "{from}");
        let error = error(&changed);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn weights_of_gblinear_belong_to_all_rounds() {
    let record = record("xgboost-json", "gblinear");
    let of_rounds = |rounds| {
        let options = Options { rounds, ..Options::default() };
        import(&record.model, None, &options, &Limits::default())
    };
    assert!(of_rounds(Rounds::First(4)).is_ok() && of_rounds(Rounds::Best).is_ok());
    assert_eq!(
        of_rounds(Rounds::First(3)).unwrap_err().to_string(),
        "learner.gradient_booster.model.boosted_rounds: not supported: the first 3 rounds of `gblinear`"
    );
}

#[test]
fn weights_of_gblinear_are_counted_and_numbers_of_single_precision() {
    let text = text("xgboost-json", "gblinear");
    let (before, weights) = text.split_once("\"weights\":[").unwrap();
    let changed = |weights: &str| error(&format!("{before}\"weights\":[{weights}")).to_string();
    let (_, rest) = weights.split_once(',').unwrap();
    assert_eq!(changed(rest), "learner.gradient_booster.model.weights: 4 numbers, expected 5");
    let infinite = changed(&format!("1e39,{rest}"));
    assert!(infinite.contains("weight 1 is not a finite number"), "{infinite}");
}

/// The range of the first feature, and whether a note names the refusal.
fn range_with(name: &str, from: &str, to: &str) -> ([f64; 2], bool) {
    let text = text("xgboost-json", name);
    let changed = text.replace(from, to);
    let imported =
        import(changed.as_bytes(), None, &Options::default(), &Limits::default()).unwrap();
    imported.seal(&[]).unwrap();
    let range = imported.parts.schema.features()[0].range.unwrap();
    ([range.low, range.high], imported.notes.iter().any(|note| note.contains("overflow")))
}

#[test]
fn sums_of_gblinear_cannot_overflow() {
    let text = text("xgboost-json", "gblinear");
    let (_, rest) = text.split_once("\"weights\":[").unwrap();
    let (first, _) = rest.split_once(',').unwrap();
    let largest = f64::from(f32::MAX);
    let (from, to) = (format!("\"weights\":[{first}"), "\"weights\":[1e10");
    assert_eq!(range_with("gblinear", &from, &from), ([-largest, largest], false));
    assert_eq!(range_with("gblinear", &from, to), ([-2.2e27, 2.2e27], true));
    // The exponential of more than 88 would overflow.
    let ([low, high], is_noted) = range_with("gblinear, Poisson", "", "");
    assert!(is_noted && low < -1e37 && high == 14.1, "{low} {high}");
}

#[test]
fn linear_leaves_are_checked_with_tree_and_line() {
    let text = text("lightgbm", "linear tree, binary");
    // The second tree has 16 terms.
    let (first, rest) = text.split_once("Tree=1").unwrap();
    let changed = |from: &str, to: &str| {
        let changed = rest.replacen(from, to, 1);
        assert_ne!(changed, rest, "{from}");
        error(&format!("{first}Tree=1{changed}")).to_string()
    };
    let found = changed("leaf_coeff=", "leaf_coeff=1 ");
    assert!(found.starts_with("tree 2: line "), "{found}");
    assert!(found.ends_with("leaf_coeff: 17 numbers, expected 16"), "{found}");
    let found = changed("num_features=3", "num_features=99999999999999999999");
    assert!(found.ends_with("`99999999999999999999`, expected a number"), "{found}");
    let found = changed("leaf_features=", "leaf_features=4 ");
    assert!(found.ends_with("leaf_features: 17 numbers, expected 16"), "{found}");
    let found = changed("leaf_features=0", "leaf_features=4");
    assert!(found.ends_with("leaf_features: feature 4, expected 0 to 3"), "{found}");
    let found = changed("leaf_const=", "constant=");
    assert!(found.ends_with("`leaf_const` is absent"), "{found}");
    let found = changed("leaf_const=", "leaf_const=nan ");
    assert!(found.ends_with("leaf_const: 7 numbers, expected 6"), "{found}");
}

#[test]
fn linear_leaves_where_zero_is_missing_are_refused() {
    // Missing type 1 in place of 2.
    let text = text("lightgbm", "linear tree, binary");
    let mut zero = String::new();
    for line in text.lines() {
        let line = match line.strip_prefix("decision_type=") {
            Some(types) => {
                let types = types.split(' ').map(|kind| match kind {
                    "8" => "4",
                    "10" => "6",
                    other => other,
                });
                format!("decision_type={}", types.collect::<Vec<_>>().join(" "))
            }
            None => line.into(),
        };
        zero.push_str(&line);
        zero.push('\n');
    }
    let found = error(&zero).to_string();
    assert!(found.contains("linear leaves (`linear_tree`) where 0 is missing"), "{found}");
}

#[test]
fn exponentials_of_linear_leaves_have_the_range_of_the_training_data() {
    let policy = |name: &str| {
        let text = text("lightgbm", name);
        let imported =
            import(text.as_bytes(), None, &Options::default(), &Limits::default()).unwrap();
        let is_noted = imported.notes.iter().any(|note| note.contains("training data are refused"));
        (imported.parts.schema.features()[0].policy.out_of_range, is_noted)
    };
    assert_eq!(policy("linear tree, poisson"), (nomogram::Action::Refuse, true));
    assert_eq!(policy("linear tree, regression"), (nomogram::Action::Take, false));
    assert_eq!(policy("poisson"), (nomogram::Action::Take, false));
}

#[test]
fn a_random_forest_whose_leaves_could_be_either_is_refused() {
    // Leaves of 2.1.2 with the parameters of a later version.
    let record = records()
        .find(|record| record.library == "lightgbm-2.1.2" && record.name == "binary, rf")
        .unwrap();
    let text = String::from_utf8(record.model).unwrap();
    let changed = format!("{text}\n[refit_decay_rate: 0.9]\n");
    let error = error(&changed).to_string();
    assert!(
        error.contains("average_output: not supported: a random forest whose leaves"),
        "{error}"
    );
}

#[test]
fn first_rounds_are_taken() {
    let options = Options { rounds: Rounds::First(1), ..Options::default() };
    for format in ["xgboost-json", "lightgbm", "catboost"] {
        let record = records().find(|record| record.format == format).unwrap();
        let imported = import(&record.model, None, &options, &Limits::default()).unwrap();
        assert!(
            imported.notes.iter().any(|note| note.starts_with("1 of ")),
            "{:?}",
            imported.notes
        );
    }
}

/// The levels of a LightGBM model whose fourth feature is a category, with these lines at its end.
fn levels_with(categorical_features: &str, pandas_categorical: &str) -> (Vec<String>, String) {
    let text = text("lightgbm", "binary, categories")
        .replace("[categorical_feature: 3]", categorical_features)
        .replace("pandas_categorical:null", pandas_categorical);
    let imported = import(text.as_bytes(), None, &Options::default(), &Limits::default()).unwrap();
    let levels = imported.parts.schema.features()[3].levels().to_vec();
    (levels, imported.notes.join("; "))
}

#[test]
fn levels_are_those_of_their_own_feature_or_have_no_names() {
    let named = r#"pandas_categorical:[[3, 2, 1], ["a","b","c","d","e","f","g"]]"#;
    // The first feature is a category too, of one value.
    let (levels, notes) = levels_with("[categorical_feature: 0,3]", named);
    assert_eq!(levels, ["a", "b", "c", "d", "e", "f", "g"], "{notes}");
    let (levels, notes) = levels_with("[categorical_feature: 3]", named);
    assert_eq!(levels[..2], ["code 0", "code 1"]);
    assert!(notes.contains("names the levels of 2 features, but 1 are categories"), "{notes}");
    let numbers = "pandas_categorical:[[1, 2, 3, 4, 5, 6, 7]]";
    assert_eq!(levels_with("[categorical_feature: 1,3]", numbers).0[0], "code 0");
    assert_eq!(levels_with("[categorical_feature: 3]", numbers).0[0], "1");
}

#[test]
fn a_cell_names_a_level_as_in_a_table_to_predict() {
    let text = text("lightgbm", "binary, categories")
        .replace("pandas_categorical:null", "pandas_categorical:[[1, 2, 3, 4, 5, 6, 7]]");
    let imported = import(text.as_bytes(), None, &Options::default(), &Limits::default()).unwrap();
    let schema = &imported.parts.schema;
    let names: Vec<&str> = schema.features().iter().map(|feature| feature.name.as_str()).collect();
    let cell = |cell: &str| {
        let mut cells = vec!["1"; names.len()];
        cells[3] = cell;
        let table = format!("{}\n{}\n", names.join(","), cells.join(","));
        read_expected(table.as_bytes(), schema, &Limits::default()).unwrap()[0].row[3]
    };
    // A level that the model has not seen is written as the number after the last one.
    let mut row = vec![1.0; names.len()];
    row[3] = 7.0;
    assert!(write_rows(&imported, &[row]).contains("8.0"), "7 is a level");
    assert_eq!(["2", "2.0", "2.5", "02", "8.0"].map(cell), [1.0, 1.0, 7.0, 7.0, 7.0]);
}

#[test]
fn categories_of_xgboost_that_are_not_ascii_are_refused() {
    let newest = records()
        .filter(|record| record.format == "xgboost-json" && record.name == "logistic, categories");
    let text = String::from_utf8(newest.last().unwrap().model).unwrap();
    let encoding = r#""cats":{"enc":[{"offsets":[0,2,3,4,5],"values":[-61,-87,97,98,99]}],"#;
    assert!(text.contains(r#""cats":{"enc":[],"#), "{}", &text[..400]);
    let error = error(&text.replace(r#""cats":{"enc":[],"#, encoding)).to_string();
    assert!(error.contains("not supported: names of categories that are not ASCII"), "{error}");
}

#[test]
fn a_schema_names_features_levels_and_classes() {
    let record = record("xgboost-json", "logistic, categories");
    let read = || import(&record.model, None, &Options::default(), &Limits::default()).unwrap();
    let schema = SchemaFile::read(
        "
model: { name: relapse, version: '3' }
features:
  - { name: age, source: radius, unit: a, range: [18, 90], out_of_range: clamp, missing: refuse }
  - { name: stage, levels: [I, II, III, IV, V, VI, VII] }
target: { name: relapse, classes: ['no', 'yes'] }
cutoffs: [{ name: treat, class: 'yes', probability: 0.2 }]
",
    );
    let mut imported = read();
    schema.unwrap().apply(&mut imported).unwrap();
    let sealed = imported.seal(&[]).unwrap();
    let model = nomogram::Model::open(&sealed.bundle).unwrap();
    let stage = model.schema().features().get(3).unwrap();
    assert_eq!(stage.levels().first().map(String::as_str), Some("I"));
    assert_eq!(model.schema().feature_index("age"), Some(0));
    assert_eq!(model.cutoffs().len(), 1);
    for (text, message) in [
        ("features: [{ name: weight }]", "feature `weight`: the model has no such feature"),
        (
            "features: [{ name: stage, levels: [I] }]",
            "feature `stage`: 1 levels, expected at least",
        ),
        ("target: { classes: [a] }", "1 classes, expected 2"),
        ("cutoffs: [{ name: c, class: x, probability: 0.1 }]", "cutoff `c`: no class `x`"),
    ] {
        let error = SchemaFile::read(text).unwrap().apply(&mut read()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    }
    assert_eq!(SchemaFile::read("colour: red").unwrap_err().kind(), ErrorKind::Schema);
}

#[test]
fn dumps_of_trees_are_refused_by_name() {
    for (text, message) in [
        (
            r#"{"name":"tree","version":"v4","num_class":1,"num_tree_per_iteration":1}"#,
            "LightGBM's JSON",
        ),
        (r#"[{"nodeid":0,"depth":0,"split":"f0"}]"#, "XGBoost's dump of trees"),
        (r#"[ { "nodeid": 0, "leaf": 0.5 } ]"#, "XGBoost's dump of trees"),
        ("booster[0]:\n0:[f0<0.5] yes=1,no=2,missing=1\n", "XGBoost's dump of trees"),
    ] {
        let error = error(text);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    assert!(error(r#"{"a":1}"#).to_string().contains("a file of an unknown format"));
}

/// An archive (zip) of one file, as far as its names.
fn archive(entry: &str) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(vec![0; 5000]);
    bytes.extend(b"PK\x01\x02");
    bytes.extend(entry.as_bytes());
    bytes
}

#[test]
fn files_of_other_formats_are_refused_by_name() {
    let first = |bytes: &[u8]| bytes.to_vec();
    for (bytes, message) in [
        (archive("model.ini"), "a MOJO of H2O"),
        (archive("model.weights.h5"), "a model of Keras (`.keras`)"),
        (archive("net/data.pkl"), "a file of torch (`.pt`)"),
        (archive("schema.json"), "`nomogram_risk.from_skops` reads it"),
        (archive("letter.txt"), "an archive (zip) without a known model"),
        (first(b"CBM1\x20\0\0\0"), "CatBoost's binary format (`.cbm`)"),
        (first(b"\x89HDF\r\n\x1a\n\0"), "HDF5, in which Keras saves models"),
        (first(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."), "a file of torch (`.pt`)"),
        // `pickle.dumps(model, 2)` and `(model, 5)`, `joblib.dump(model, path)`, also with compress=3.
        (first(b"\x80\x02csklearn.linear_model"), "a pickle, which joblib writes too"),
        (first(b"\x80\x05\x95\x9f\x01"), "a pickle, which joblib writes too"),
        (first(b"x^\x85\x91"), "a pickle, which joblib writes too"),
        (first(b"\x1f\x8b\x08\0"), "Objects of R (`.rds`)"),
        (first(b"\x08\x01\x12\x9a\x03"), "a SavedModel of TensorFlow"),
        (first(b"\x1c\0\0\0TFL3"), "a model of TensorFlow Lite"),
    ] {
        let error = import(&bytes, None, &Options::default(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}
