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
        weights: None,
        patients: None,
        class_names,
        members: vec![NamedProbabilities { name: "linear", probabilities: ensemble.view() }],
        ensemble: ensemble.view(),
        uncalibrated: None,
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
    assert_eq!(at_half.true_positive, predicted.true_positive + 1.0);
    assert_eq!(at_half.false_positive, predicted.false_positive + 1.0);
}

#[test]
fn keys_of_the_report_do_not_change() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let mut input = rows(&class_names, &ensemble);
    let level_of_row = (0..12).map(|row| Some(usize::from(row >= 6))).collect();
    let names = names(&["a", "b"]);
    input.subgroups = vec![FeatureLevels { feature: "site".into(), names, level_of_row }];
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
        "other_class",
        "positive_class",
        "risk_coverage",
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
    assert_eq!(assessment.histogram.negative.iter().sum::<f64>(), 2.0);
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
    let (feature, level_of_row) = ("site".to_owned(), vec![Some(0)]);
    let levels = FeatureLevels { feature, names: names(&["a"]), level_of_row };
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

#[test]
fn weights_and_patients_are_stated_and_counted() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let weights: Vec<f64> =
        CLASSES.iter().map(|class| if *class == 1 { 5.0 } else { 1.0 }).collect();
    let patients: Vec<String> = (0..12).map(|row| format!("p{}", row / 2)).collect();
    let plain = rows(&class_names, &ensemble);
    let input =
        EvaluatedRows { weights: Some(&weights), patients: Some(&patients), ..plain.clone() };
    let mut assessment = Assessment::all(&input).unwrap().remove(0);
    let weighting = assessment.weighting.as_ref().unwrap();
    assert_eq!((weighting.sum, weighting.sum_of_events), (36.0, 30.0));
    assert!((weighting.n_effective - 1296.0 / 156.0).abs() < 1e-12);
    assert!(!weighting.unweighted.is_empty());
    assert_eq!((assessment.n_rows, assessment.n_events), (12, 6));
    assert_eq!(assessment.n_patients, Some(6));
    let observed = assessment.calibration.observed_expected.as_ref().unwrap();
    assert_eq!((observed.observed, observed.expected), (30.0, 5.0 * 33.0 / 8.0 + 13.0 / 8.0));
    let intervals = assessment.patient_intervals.as_ref().unwrap();
    let auc = &intervals.intervals[0];
    assert_eq!((auc.statistic.as_str(), intervals.n_replicates), ("AUC", 500));
    let delong = assessment.discrimination.as_ref().unwrap().auc.auc;
    assert!(auc.value == delong && auc.interval.lower < delong && delong <= auc.interval.upper);
    assessment.add_choices(&input, &[("screening", CutoffRule::Youden)], 1).unwrap();
    assert_eq!(assessment.cutoffs[1].choice.as_ref().unwrap().n_replicates, 1000);
    let json = serde_json::to_value(&Assessment::all(&plain).unwrap()[0]).unwrap();
    for key in ["weighting", "n_patients", "patient_intervals"] {
        assert!(json.get(key).is_none(), "{key}");
    }
}

#[test]
fn areas_rank_by_the_probabilities_before_calibration() {
    let (class_names, ensemble) = (names(&["benign", "malignant"]), probabilities());
    let perfect = Array2::from_shape_fn(
        (12, 2),
        |(row, class)| {
            if CLASSES[row] == class { 0.75 } else { 0.25 }
        },
    );
    let plain = rows(&class_names, &ensemble);
    let ranked = EvaluatedRows { uncalibrated: Some(perfect.view()), ..plain.clone() };
    let [plain, ranked] = [plain, ranked].map(|input| Assessment::all(&input).unwrap().remove(0));
    let discrimination = ranked.discrimination.as_ref().unwrap();
    assert_eq!((discrimination.auc.auc, discrimination.average_precision), (1.0, 1.0));
    assert_eq!(discrimination.ranking, Ranking::Uncalibrated);
    assert_eq!(ranked.member_metrics.ensemble().auc, Some(1.0));
    assert_eq!((&ranked.calibration, &ranked.cutoffs), (&plain.calibration, &plain.cutoffs));
    assert!(plain.discrimination.unwrap().auc.auc < 1.0);
}

#[test]
fn many_classes_have_numbers_but_no_curves() {
    let n = MAX_CLASSES_WITH_CURVES + 1;
    let class_names: Vec<String> = (0..n).map(|class| format!("c{class}")).collect();
    let classes: Vec<usize> = (0..3 * n).map(|row| row % n).collect();
    let ensemble =
        Array2::from_shape_fn(
            (3 * n, n),
            |(row, class)| {
                if classes[row] == class { 0.5 } else { 0.5 / 10.0 }
            },
        );
    let two = names(&["a", "b"]);
    let unused = probabilities();
    let plain = rows(&two, &unused);
    let input = EvaluatedRows {
        classes: &classes,
        class_names: &class_names,
        members: vec![NamedProbabilities { name: "linear", probabilities: ensemble.view() }],
        ensemble: ensemble.view(),
        cutoffs: Vec::new(),
        ..plain
    };
    let all = Assessment::all(&input).unwrap();
    assert_eq!(all.len(), n);
    assert!(
        all.iter().all(|own| own.decision_curve.is_empty() && own.calibration.smooth.is_none())
    );
    let discrimination = all[0].discrimination.as_ref().unwrap();
    assert!(discrimination.roc.is_empty() && discrimination.auc.auc == 1.0);
    let has_counts = |own: &Assessment| own.member_metrics.ensemble().counts.is_some();
    assert!(has_counts(&all[0]) && !has_counts(&all[1]));
}

/// By hand: bins (0, .1], (.1, .2] and (.8, .9] with the weights 3, 1 and 4.
#[test]
fn the_calibration_error_of_equal_widths_is_weighted() {
    let outcomes = [false, true, true, true, false];
    let probabilities = [0.1, 0.05, 0.15, 0.9, 0.85];
    let rows = Rows::new(&outcomes, &probabilities).unwrap();
    let of = |rows| {
        Calibration::without_curve(rows, Confidence::PERCENT_95)
            .unwrap()
            .equal_width_calibration_error
    };
    let expected = (2.0 * (0.5 - 0.075) + (1.0 - 0.15) + 2.0 * (0.875 - 0.5)) / 5.0;
    assert!((of(rows) - expected).abs() < 1e-15);
    let rows = rows.weighted(Some(&[2.0, 1.0, 1.0, 3.0, 1.0])).unwrap();
    let first = 1.0 / 3.0 - 0.25 / 3.0;
    let expected = (3.0 * first + (1.0 - 0.15) + 4.0 * (3.55 / 4.0 - 0.75)) / 8.0;
    assert!((of(rows) - expected).abs() < 1e-15);
}
