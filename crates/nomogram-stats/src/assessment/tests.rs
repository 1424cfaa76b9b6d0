use ndarray::{Array2, array};

use super::*;

const CLASSES: [usize; 12] = [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Two classes; the probability of class 1 is a multiple of 1/8.
fn probabilities() -> Array2<f64> {
    let eighths = [7, 1, 5, 4, 2, 4, 0, 6, 3, 5, 1, 8].map(f64::from);
    Array2::from_shape_fn((12, 2), |(row, class)| {
        let p = eighths[row] / 8.0;
        if class == 1 { p } else { 1.0 - p }
    })
}

fn rows<'a>(class_names: &'a [String], ensemble: &'a Array2<f64>) -> EvaluatedRows<'a> {
    EvaluatedRows {
        name: "test rows",
        classes: &CLASSES,
        class_names,
        members: vec![NamedProbabilities { name: "linear", probabilities: ensemble.view() }],
        ensemble: ensemble.view(),
        cutoffs: vec![
            NamedCutoff { name: "screening", class: 1, probability: 0.25 },
            NamedCutoff { name: "rule out", class: 0, probability: 0.9 },
        ],
        subgroups: Vec::new(),
    }
}

#[test]
fn two_classes_are_assessed_once_with_the_cutoffs_of_the_second() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let all = Assessment::all(&rows(&class_names, &ensemble)).unwrap();
    let [assessment] = all.as_slice() else { panic!("{} assessments", all.len()) };
    assert_eq!((assessment.n_rows, assessment.n_events), (12, 6));
    assert_eq!(assessment.positive_class, "malignant");
    let cutoffs: Vec<(&str, f64)> = assessment
        .cutoffs
        .iter()
        .map(|cutoff| (cutoff.name.as_str(), cutoff.classification.cutoff))
        .collect();
    assert_eq!(cutoffs, [("0.5", 0.5), ("screening", 0.25)]);
    assert_eq!(assessment.decision_curve.len(), 99);
    assert_eq!(assessment.member_metrics.iter().count(), 2);
}

#[test]
fn a_row_at_one_half_is_positive_at_the_cutoff_and_predicted_negative() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let assessment = &Assessment::all(&rows(&class_names, &ensemble)).unwrap()[0];
    let at_half = assessment.cutoffs[0].classification.confusion;
    let predicted = assessment.member_metrics.ensemble().confusion.unwrap();
    // Rows 4 and 6 have the probability one half; one of each outcome.
    assert_eq!(at_half.true_positive, predicted.true_positive + 1);
    assert_eq!(at_half.false_positive, predicted.false_positive + 1);
}

#[test]
fn keys_of_the_report_do_not_change() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let mut input = rows(&class_names, &ensemble);
    let levels = (0..12).map(|row| if row < 6 { "a" } else { "b" }.to_owned()).collect();
    input.subgroups = vec![FeatureLevels { feature: "site".into(), levels }];
    let mut assessment = Assessment::all(&input).unwrap().remove(0);
    assessment.add_choices(&input, &[("screening", CutoffRule::Youden)], 1).unwrap();
    let json = serde_json::to_value(&assessment).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    let expected = [
        "agreement",
        "calibration",
        "cutoffs",
        "decision_curve",
        "discrimination",
        "evaluation",
        "histogram",
        "n_events",
        "n_rows",
        "positive_class",
        "rows",
        "subgroups",
    ];
    assert_eq!(keys, expected);
    assert_eq!(json["evaluation"][1]["name"], "ensemble");
    assert_eq!(json["subgroups"][0]["feature"], "site");
    assert!(json["cutoffs"][0].get("choice").is_none());
    assert!(json["cutoffs"][1]["choice"]["chosen"]["cutoff"].is_number());
}

#[test]
fn more_classes_are_assessed_each_against_all_others() {
    let class_names = names(&["a", "b", "c"]);
    let classes = [0, 1, 2, 0, 1, 2];
    let ensemble = Array2::from_shape_fn(
        (6, 3),
        |(row, class)| {
            if classes[row] == class { 0.5 } else { 0.25 }
        },
    );
    let input =
        EvaluatedRows { classes: &classes, cutoffs: Vec::new(), ..rows(&class_names, &ensemble) };
    let all = Assessment::all(&input).unwrap();
    let sets: Vec<&str> = all.iter().map(|assessment| assessment.rows.as_str()).collect();
    assert_eq!(sets, ["test rows, a", "test rows, b", "test rows, c"]);
    assert!(all.iter().all(|assessment| assessment.n_events == 2));
}

#[test]
fn rows_of_one_class_have_no_discrimination_but_the_rest() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), array![[0.5, 0.5], [0.7, 0.3]]);
    let input = EvaluatedRows { classes: &[0, 0], ..rows(&class_names, &ensemble) };
    let assessment = &Assessment::all(&input).unwrap()[0];
    assert!(assessment.discrimination.is_none() && assessment.calibration.line.is_none());
    assert_eq!(assessment.histogram.negative.iter().sum::<u64>(), 2);
}

#[test]
fn inputs_that_do_not_fit_each_other_are_refused() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let refused = |input: &EvaluatedRows<'_>, expected: &str| {
        let error = Assessment::all(input).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let good = rows(&class_names, &ensemble);
    refused(
        &EvaluatedRows { classes: &[1, 0], ..good.clone() },
        "`linear`: predictions of 12 rows",
    );
    let short = ensemble.slice(ndarray::s![..5, ..]);
    refused(
        &EvaluatedRows { ensemble: short, ..good.clone() },
        "`ensemble`: predictions of 5 rows",
    );
    let three = names(&["a", "b", "c"]);
    refused(&EvaluatedRows { class_names: &three, ..good.clone() }, "and 3 classes");
    let levels = FeatureLevels { feature: "site".into(), levels: names(&["a"]) };
    refused(&EvaluatedRows { subgroups: vec![levels], ..good }, "1 levels for 12 rows");
}

#[test]
fn choices_of_another_positive_class_are_refused() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let mut assessment = Assessment::all(&rows(&class_names, &ensemble)).unwrap().remove(0);
    let others = names(&["no", "yes"]);
    let error = assessment.add_choices(&rows(&others, &ensemble), &[], 1).unwrap_err().to_string();
    assert!(error.contains("the positive class `malignant`, expected one of"), "{error}");
}
