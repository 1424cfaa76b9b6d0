//! Every model of `tests/data/onnx` predicts what ONNX Runtime predicted.

use crate::records::{Record, largest_difference, records_in};
use nomogram::{Member, Model};
use nomogram_import::{Imported, Limits, Options, import, read_expected};

fn read(record: &Record) -> Result<Imported, nomogram_import::Error> {
    // The data are public.
    let options = Options { training_rows: true, ..Options::default() };
    import(&record.model, None, &options, &Limits::default())
}

#[test]
fn every_graph_predicts_what_onnx_runtime_predicted() {
    let (mut failures, mut n_models) = (Vec::new(), 0);
    // Of links of trees, of other probabilities, and of numbers relative above 1.
    let mut largest = [0.0_f64; 3];
    for record in records_in("onnx") {
        n_models += 1;
        let name = format!("{}: {}", record.library, record.name);
        let compared = read(&record).and_then(|imported| {
            let known =
                read_expected(record.table.as_bytes(), &imported.parts.schema, &Limits::default())?;
            let comparison = imported.compare(&known)?;
            if comparison.agrees() {
                let sealed = imported.seal(&known)?;
                assert!(Model::open(&sealed.bundle).is_ok(), "{name}");
            }
            Ok((imported, known, comparison))
        });
        match compared {
            Err(error) => failures.push(format!("{name}: {error}")),
            Ok((imported, known, comparison)) => {
                let outputs = comparison.outputs.clone().unwrap();
                println!(
                    "{name}: {} of {} equal, largest difference {:e} ({})",
                    outputs.n_equal, outputs.n_compared, outputs.largest, outputs.tolerance
                );
                let is_forest = matches!(imported.parts.members[0].member, Member::Forest(_));
                let is_of_classes = !imported.parts.schema.target().classes().is_empty();
                let kind = usize::from(!is_forest) + usize::from(!is_of_classes && !is_forest);
                largest[kind] = largest[kind].max(largest_difference(&imported, &known));
                if !comparison.agrees() || comparison.n_rows < 30 {
                    failures.push(format!("{name}: {comparison}"));
                }
            }
        }
    }
    let [links, probabilities, numbers] = largest;
    println!("largest difference: trees and their links {links:e}");
    println!("largest difference: probabilities of sums {probabilities:e}, numbers {numbers:e}");
    assert!(failures.is_empty(), "{} of {n_models}\n{}", failures.len(), failures.join("\n\n"));
    assert!(n_models >= 40, "{n_models} models");
}

#[test]
fn a_changed_weight_is_noticed() {
    let record = records_in("onnx").find(|record| record.name == "regression tree").unwrap();
    let mut imported = read(&record).unwrap();
    let Member::Forest(forest) = &mut imported.parts.members[0].member else { panic!("no forest") };
    let leaf = &mut forest.trees[0].leaves[0];
    *leaf = leaf.next_up() + 1e-4;
    let known =
        read_expected(record.table.as_bytes(), &imported.parts.schema, &Limits::default()).unwrap();
    let error = imported.seal(&known).unwrap_err();
    assert_eq!(error.kind(), nomogram_import::ErrorKind::Different);
}

/// Where each graph of `tests/reference/make_onnx_graphs.py` that is refused is refused.
const REFUSED: [(&str, &str); 14] = [
    (
        "support vectors of degree 2.5",
        "node 3: SVMRegressor: not supported: degree 2.5, expected a",
    ),
    (
        "support vectors without vectors",
        "node 3: SVMRegressor: no `support_vectors`, expected some for",
    ),
    ("1 minus a probability", "not supported: 1 minus a probability as the output, expected that"),
    ("a label without a key", "node 2: LabelEncoder: not supported: no name for class `0`"),
    ("softmax over axis 0", "node 2: Softmax.axis: not supported: 0, expected 1"),
    (
        "a factor of shape [2, 1]",
        "node 2: Mul: not supported: a constant of shape [2, 1], expected",
    ),
    ("intercepts of shape [2, 1]", "node 1: Gemm: not supported: a constant of shape [2, 1]"),
    ("Div of whole numbers", "node 1: Div: not supported: a division of whole numbers"),
    (
        "doubles scaled beside singles",
        "TreeEnsembleRegressor: feature `b`: not supported: trees of",
    ),
    (
        "a scaler of doubles before trees",
        "TreeEnsembleRegressor: feature `b`: not supported: trees",
    ),
    ("leaves of one class each", "node 1: TreeEnsembleClassifier: not supported: leaves of one cl"),
    ("softmax of leaves of one class each", "TreeEnsembleClassifier: not supported: leaves of one"),
    (
        "logistic of the second class only",
        "not supported: post transform `LOGISTIC` of trees for 2",
    ),
    ("logistic of other leaves", "not supported: post transform `LOGISTIC` of trees for 2 classes"),
];

#[test]
fn graphs_made_by_hand_predict_the_same_or_are_refused_by_name() {
    let mut failures = Vec::new();
    let (mut n_refused, mut n_same) = (0, 0);
    for record in records_in("onnx_graphs") {
        let sealed = read(&record).and_then(|imported| {
            let schema = &imported.parts.schema;
            let known = read_expected(record.table.as_bytes(), schema, &Limits::default())?;
            assert!(known.len() >= 2, "{}", record.name);
            imported.seal(&known).map(|sealed| sealed.comparison)
        });
        let message = sealed.as_ref().err().map_or_else(String::new, ToString::to_string);
        let expected = match record.name.split_once(": ") {
            Some(("refused", name)) => REFUSED.iter().find(|(known, _)| *known == name).unwrap().1,
            Some(("beyond the tolerance", _)) => {
                "2 beyond the tolerance (2e-6, relative above 1), first in rows 1, 2"
            }
            _ => {
                n_same += usize::from(sealed.is_ok());
                if !message.is_empty() {
                    failures.push(format!("{}: {message}", record.name));
                }
                continue;
            }
        };
        n_refused += 1;
        if !message.contains(expected) {
            failures.push(format!("{}: {message:?}, expected {expected}", record.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(
        n_refused == REFUSED.len() + 1 && n_same >= 35,
        "{n_refused} refused, {n_same} the same"
    );
}

#[test]
fn operators_without_a_counterpart_are_refused_by_name_and_place() {
    let expected = [
        ("support vectors", "SVMClassifier"),
        ("neighbours", "not supported"),
        ("naive Bayes", "not supported"),
        ("one against the rest", "not supported"),
        ("an operator of ONNX", "node 2: Erf"),
        ("an operator that does not exist", "node 2: Sigmoidal"),
        ("an operator of another domain", "com.microsoft"),
        ("a known name in another domain", "org.example"),
        ("a tree after a batch normalization", "a split could take the other side"),
        ("a probability divided by itself", "node 3: ReduceSum"),
        ("probabilities divided by half their sum", "node 4: ReduceSum"),
        ("logistics divided by their sum", "node 3: ReduceSum"),
    ];
    let found: Vec<(String, String)> = records_in("onnx_refused")
        .map(|record| {
            let error = read(&record).unwrap_err();
            assert_eq!(error.kind(), nomogram_import::ErrorKind::Unsupported, "{error}");
            (record.name, error.to_string())
        })
        .collect();
    assert_eq!(found.len(), expected.len());
    for (name, message) in expected {
        let (_, found) = found.iter().find(|(known, _)| known == name).unwrap();
        println!("{name}: {found}");
        assert!(found.contains(message) && found.contains("node "), "{name}: {found}");
    }
}

#[test]
fn support_vectors_are_kept_with_consent_only() {
    let record =
        records_in("onnx_graphs").find(|one| one.name == "support vectors, cubic").unwrap();
    let error = import(&record.model, None, &Options::default(), &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not supported: the model stores 4 rows of its training data, which may be data of patients; \
         `--training-rows` keeps them in the bundle"
    );
    let notes = read(&record).unwrap().notes.join("\n");
    assert!(notes.contains("4 rows of the training data are stored"), "{notes}");
    let linear = records_in("onnx").find(|one| one.name == "support vectors of a linear kernel");
    let model = linear.unwrap().model;
    let imported = import(&model, None, &Options::default(), &Limits::default()).unwrap();
    assert_eq!(imported.parts.members[0].member.stored_rows(), None);
}

#[test]
fn notes_state_where_values_are_rounded() {
    let of = |name: &str| {
        let record = records_in("onnx_graphs").find(|record| record.name == name).unwrap();
        read(&record).unwrap().notes.join("\n")
    };
    let sums = of("softmax over axis 1");
    assert!(sums.contains("|weight| · |value| · 6e-8") && !sums.contains("trees"), "{sums}");
    let trees = of("mode LEQ, missing values tracked 0");
    assert!(trees.contains("trees round values to single") && !trees.contains("6e-8"), "{trees}");
    assert!(!of("Add of whole numbers").contains("precision"));
}
