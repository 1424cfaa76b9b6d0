//! Statistics of weighted rows against scikit-learn's `sample_weight`, statsmodels' weights and the
//! formulas of papers: `reference/weighted.json`, made by `reference/make_weighted.py`, which lists the
//! reference of each statistic.
//!
//! Tolerances, relative above 1: 1e-9 for closed forms, 1e-6 for iterative fits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use nomogram::numeric::sqrt;
use nomogram_stats::calibration::{
    Binning, BrierDecomposition, BrierScore, CalibrationBins, SmoothCalibration,
    calibration_in_the_large, calibration_line, observed_expected, spiegelhalter,
};
use nomogram_stats::classification::{Classification, Proportion};
use nomogram_stats::comparison::Paired;
use nomogram_stats::cutoffs::CutoffRule;
use nomogram_stats::decision_curve::decision_curve;
use nomogram_stats::discrimination::{
    auc_estimate, average_precision, precision_recall_curve, roc_curve,
};
use nomogram_stats::metrics::Metrics;
use nomogram_stats::{Confidence, Estimate, Interval, Rows};
use serde_json::Value;

const CONFIDENCE: Confidence = Confidence::PERCENT_95;
const CLOSED: f64 = 1e-9;
const FITTED: f64 = 1e-6;

/// Rows of a case of the fixture.
struct Case {
    fixture: Value,
    name: String,
    outcomes: Vec<bool>,
    probabilities: Vec<f64>,
    weights: Vec<f64>,
}

impl Case {
    fn rows(&self) -> Rows<'_> {
        let rows = Rows::new(&self.outcomes, &self.probabilities).unwrap();
        rows.weighted(Some(&self.weights)).unwrap()
    }

    fn close(&self, found: f64, expected: &Value, tolerance: f64, what: &str) {
        let expected = expected.as_f64().unwrap_or_else(|| panic!("{}: {what}", self.name));
        // Written so that NaN fails.
        let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(is_close, "{}: {what}: {found}, expected {expected}", self.name);
    }

    fn close_all(&self, found: &[f64], expected: &Value, tolerance: f64, what: &str) {
        let expected = expected.as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{}: {what}", self.name);
        for (found, expected) in found.iter().zip(expected) {
            self.close(*found, expected, tolerance, what);
        }
    }

    fn close_interval(&self, found: Interval, expected: &Value, tolerance: f64, what: &str) {
        self.close_all(&[found.lower, found.upper], expected, tolerance, what);
    }

    fn close_estimate(&self, found: &Estimate, expected: &Value, what: &str) {
        self.close(found.value, &expected["value"], FITTED, what);
        self.close(found.standard_error, &expected["standard_error"], FITTED, what);
        self.close_interval(found.interval, &expected["interval"], FITTED, what);
    }

    fn close_proportion(&self, found: Option<Proportion>, expected: &Value, what: &str) {
        let found = found.unwrap();
        self.close(found.value, &expected["value"], CLOSED, what);
        self.close(found.n_effective.unwrap(), &expected["n_effective"], CLOSED, what);
        self.close_interval(found.wilson, &expected["wilson"], CLOSED, what);
        self.close_interval(found.clopper_pearson, &expected["clopper_pearson"], CLOSED, what);
    }
}

#[test]
fn discrimination_is_that_of_scikit_learn_and_the_linearised_delong() {
    for case in cases() {
        let (rows, expected) = (case.rows(), &case.fixture);
        let curve = roc_curve(rows).unwrap();
        let sensitivity: Vec<f64> = curve.iter().map(|point| point.sensitivity).collect();
        let fpr: Vec<f64> = curve.iter().map(|point| point.false_positive_rate).collect();
        case.close_all(&sensitivity, &expected["roc"]["tpr"], CLOSED, "tpr");
        case.close_all(&fpr, &expected["roc"]["fpr"], CLOSED, "fpr");
        let curve = precision_recall_curve(rows).unwrap();
        let precision: Vec<f64> = curve.iter().rev().map(|point| point.precision).collect();
        let recall: Vec<f64> = curve.iter().rev().map(|point| point.recall).collect();
        let expected_curve = &expected["precision_recall"];
        case.close_all(&precision, &expected_curve["precision"], CLOSED, "precision");
        case.close_all(&recall, &expected_curve["recall"], CLOSED, "recall");
        let average = average_precision(rows).unwrap();
        case.close(average, &expected["average_precision"], CLOSED, "average precision");
        let found = auc_estimate(rows, CONFIDENCE).unwrap();
        case.close(found.auc, &expected["auc"], CLOSED, "auc");
        let error = found.standard_error.unwrap();
        case.close(error, &expected["auc_standard_error"], CLOSED, "standard error");
        case.close_interval(found.logit.unwrap(), &expected["auc_logit"], CLOSED, "logit");

        let second: Vec<f64> = numbers(&expected["second"]);
        let paired = Paired::new(&case.outcomes, &case.probabilities, &second).unwrap();
        let found = paired.weighted(Some(&case.weights)).unwrap().delong(CONFIDENCE).unwrap();
        case.close(found.difference, &expected["difference"], CLOSED, "difference");
        let error = &expected["difference_standard_error"];
        case.close(found.standard_error, error, CLOSED, "error of the difference");
    }
}

#[test]
fn classification_is_that_of_scikit_learn_with_intervals_of_effective_rows() {
    for case in cases() {
        for expected in case.fixture["classification"].as_array().unwrap() {
            let cutoff = expected["cutoff"].as_f64().unwrap();
            let found = Classification::new(case.rows(), cutoff, CONFIDENCE).unwrap();
            let c = found.confusion;
            let cells = [c.true_positive, c.false_positive, c.true_negative, c.false_negative];
            case.close_all(&cells, &expected["confusion"], CLOSED, "confusion");
            for (name, found) in [
                ("sensitivity", found.sensitivity),
                ("specificity", found.specificity),
                ("ppv", found.ppv),
                ("npv", found.npv),
                ("accuracy", found.accuracy),
            ] {
                case.close_proportion(found, &expected[name], name);
            }
            let balanced = found.balanced_accuracy.unwrap();
            case.close(balanced, &expected["balanced_accuracy"], CLOSED, "balanced accuracy");
            case.close(found.f1.unwrap(), &expected["f1"], CLOSED, "f1");
            case.close(found.mcc.unwrap(), &expected["mcc"], CLOSED, "mcc");
        }
        let chosen = CutoffRule::Youden.choose(case.rows()).unwrap();
        let values = [chosen.cutoff, chosen.sensitivity, chosen.specificity];
        case.close_all(&values, &case.fixture["youden"], CLOSED, "youden");
        let expected = &case.fixture["net_benefit"];
        let curve = decision_curve(case.rows(), &numbers(&expected["cutoffs"])).unwrap();
        let model: Vec<f64> = curve.iter().map(|point| point.model).collect();
        case.close_all(&model, &expected["model"], CLOSED, "net benefit");
    }
}

#[test]
fn calibration_is_that_of_statsmodels_and_of_the_formulas() {
    for case in cases() {
        let (rows, expected) = (case.rows(), &case.fixture);
        let line = calibration_line(rows, CONFIDENCE).unwrap();
        case.close_estimate(&line.intercept, &expected["line"]["intercept"], "intercept");
        case.close_estimate(&line.slope, &expected["line"]["slope"], "slope");
        let large = calibration_in_the_large(rows, CONFIDENCE).unwrap();
        case.close_estimate(&large, &expected["line"]["large"], "in the large");
        let found = observed_expected(rows, CONFIDENCE).unwrap();
        case.close(found.observed, &expected["oe"]["observed"], CLOSED, "observed");
        case.close(found.expected, &expected["oe"]["expected"], CLOSED, "expected");
        case.close(found.ratio, &expected["oe"]["ratio"], CLOSED, "O/E");
        case.close_interval(found.interval.unwrap(), &expected["oe"]["interval"], CLOSED, "O/E");
        let found = spiegelhalter(rows).unwrap();
        case.close(found.z, &expected["spiegelhalter"]["z"], CLOSED, "z");
        case.close(found.p_value, &expected["spiegelhalter"]["p_value"], CLOSED, "p");
        let found = BrierScore::new(rows);
        case.close(found.score, &expected["brier"], CLOSED, "Brier");
        case.close(found.of_prevalence, &expected["brier_of_prevalence"], CLOSED, "prevalence");
        let metrics = Metrics::of_event(rows);
        case.close(metrics.log_loss, &expected["log_loss"], CLOSED, "log loss");

        let (binning, expected_bins) = (Binning::EqualCount(10), &expected["bins"]);
        let found = CalibrationBins::new(rows, binning).unwrap();
        let of = |of: fn(&_) -> f64| found.bins.iter().map(of).collect::<Vec<f64>>();
        case.close_all(&of(|bin| bin.weight), &expected_bins["weight"], CLOSED, "bins");
        case.close_all(&of(|bin| bin.observed), &expected_bins["observed"], CLOSED, "bins");
        let means = of(|bin| bin.mean_probability);
        case.close_all(&means, &expected_bins["mean_probability"], CLOSED, "bins");
        case.close(found.expected_calibration_error, &expected_bins["ece"], CLOSED, "ECE");
        let found = BrierDecomposition::new(rows, binning).unwrap();
        case.close(found.reliability, &expected_bins["reliability"], CLOSED, "reliability");
        case.close(found.resolution, &expected_bins["resolution"], CLOSED, "resolution");

        let found = SmoothCalibration::new(rows).unwrap();
        case.close_all(&found.observed, &expected["smooth"]["observed"], CLOSED, "smooth");
        case.close(found.ici, &expected["smooth"]["ici"], CLOSED, "ICI");
        let distances = [("e50", found.e50), ("e90", found.e90), ("e_max", found.e_max)];
        for (name, found) in distances {
            case.close(found, &expected["smooth"][name], CLOSED, name);
        }
    }
}

#[test]
fn intervals_do_not_change_when_all_weights_are_multiplied() {
    for case in cases() {
        let larger: Vec<f64> = case.weights.iter().map(|weight| weight * 16.0).collect();
        let rows = case.rows();
        let scaled = rows.weighted(Some(&larger)).unwrap();
        let [first, second] = [rows, scaled].map(|rows| {
            let at = Classification::new(rows, 0.5, CONFIDENCE).unwrap();
            let line = calibration_line(rows, CONFIDENCE).unwrap();
            let auc = auc_estimate(rows, CONFIDENCE).unwrap().logit.unwrap();
            let ratio = observed_expected(rows, CONFIDENCE).unwrap().interval.unwrap();
            [auc, ratio, at.sensitivity.unwrap().wilson, line.slope.interval]
        });
        for (first, second) in first.iter().zip(second) {
            let ends = [first.lower - second.lower, first.upper - second.upper];
            assert!(ends.iter().all(|difference| difference.abs() < 1e-9), "{first:?} {second:?}");
        }
    }
}

#[test]
fn the_comparison_of_numbers_can_fail() {
    let case = cases().remove(0);
    let refused = |found: f64| {
        let close = || case.close(found, &Value::from(1.0), CLOSED, "counter");
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(close)).is_err()
    };
    assert!(refused(1.0 + 1e-8) && refused(f64::NAN) && !refused(1.0 + 1e-10));
}

fn cases() -> Vec<Case> {
    let fixture: Value = serde_json::from_str(include_str!("reference/weighted.json")).unwrap();
    let case = |fixture: &Value| Case {
        name: fixture["name"].as_str().unwrap().to_owned(),
        outcomes: numbers(&fixture["y"]).iter().map(|y| *y > 0.0).collect(),
        probabilities: numbers(&fixture["p"]),
        weights: numbers(&fixture["w"]),
        fixture: fixture.clone(),
    };
    fixture["cases"].as_array().unwrap().iter().map(case).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Up to the factor of n / (n − 1) in its variances: `reference/survey.csv`, made by
/// `reference/make_survey.R`.
#[test]
fn estimates_and_errors_are_those_of_survey_in_r() {
    let text = include_str!("reference/survey.csv");
    let cases = cases();
    let mut n_compared = 0;
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(';').collect();
        let [name, n_rows, statistic, value, error] = fields[..] else { panic!("{line}") };
        let [n, value, error] = [n_rows, value, error].map(|text| text.parse::<f64>().unwrap());
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let rows = case.rows();
        let (found, found_error) = match statistic {
            "sensitivity" => {
                let sensitivity = Classification::new(rows, 0.3, CONFIDENCE).unwrap().sensitivity;
                let share = sensitivity.unwrap();
                let variance = share.value * (1.0 - share.value) / share.n_effective.unwrap();
                (share.value, sqrt(variance))
            }
            "in the large" => {
                let large = calibration_in_the_large(rows, CONFIDENCE).unwrap();
                (large.value, large.standard_error)
            }
            _ => {
                let line = calibration_line(rows, CONFIDENCE).unwrap();
                let estimate = if statistic == "slope" { line.slope } else { line.intercept };
                (estimate.value, estimate.standard_error)
            }
        };
        let expected = error * sqrt((n - 1.0) / n);
        assert!((found - value).abs() < 1e-9 * value.abs().max(1.0), "{line}: {found}");
        assert!((found_error - expected).abs() < 1e-8 * expected, "{line}: {found_error}");
        n_compared += 1;
    }
    assert_eq!(n_compared, 4 * cases.len());
}
