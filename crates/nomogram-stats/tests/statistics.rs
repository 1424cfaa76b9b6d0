//! Statistics of predictions against scikit-learn, MLstatkit, statsmodels, dcurves, `SciPy` and the
//! formulas of papers: `reference/statistics.json`, made by `reference/make_statistics.py`, which
//! lists the reference of each statistic and the versions.
//!
//! Tolerances, relative above 1: 1e-9 for closed forms, 1e-6 for iterative fits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::Path;

use ndarray::Array2;
use nomogram::numeric::logistic;
use nomogram_stats::assessment::Calibration;
use nomogram_stats::bootstrap::{
    BootstrapDistribution, BootstrapSpec, FittedReplicate, Strata, bootstrap, jackknife, of_metric,
    optimism,
};
use nomogram_stats::calibration::{
    Binning, BrierDecomposition, BrierScore, CalibrationBins, SmoothCalibration,
    calibration_in_the_large, calibration_line, lowess, observed_expected, spiegelhalter,
};
use nomogram_stats::classification::{Classification, Proportion};
use nomogram_stats::comparison::{McnemarTest, Paired};
use nomogram_stats::cutoffs::CutoffRule;
use nomogram_stats::decision_curve::decision_curve;
use nomogram_stats::discrimination::{
    auc, auc_estimate, average_precision, macro_auc, precision_recall_curve, roc_curve,
    without_collinear,
};
use nomogram_stats::subgroups::{SubgroupSpec, subgroups};
use nomogram_stats::{ClassRows, Confidence, Estimate, Interval, Rows};
use serde_json::Value;

const CONFIDENCE: Confidence = Confidence::PERCENT_95;
const CLOSED: f64 = 1e-9;
const FITTED: f64 = 1e-6;

/// Rows of a case of the fixture.
struct Case {
    name: &'static str,
    fixture: Value,
    outcomes: Vec<bool>,
    probabilities: Vec<f64>,
}

impl Case {
    fn rows(&self) -> Rows<'_> {
        Rows::new(&self.outcomes, &self.probabilities).unwrap()
    }
}

#[test]
fn curves_are_those_of_scikit_learn() {
    for case in cases() {
        let expected = &case.fixture["discrimination"];
        let curve = roc_curve(case.rows()).unwrap();
        let of = |what: &str| format!("{}: {what}", case.name);
        let sensitivity: Vec<f64> = curve.iter().map(|point| point.sensitivity).collect();
        let fpr: Vec<f64> = curve.iter().map(|point| point.false_positive_rate).collect();
        let roc = &expected["roc"];
        close_all(&sensitivity, &roc["tpr"], CLOSED, &of("tpr"));
        close_all(&fpr, &roc["fpr"], CLOSED, &of("fpr"));
        let cutoffs: Vec<Option<f64>> = curve.iter().map(|point| point.cutoff).collect();
        assert_eq!(cutoffs, options(&roc["cutoffs"]), "{}", of("cutoffs"));
        let bending: Vec<_> =
            counts(&roc["bending"]).into_iter().map(|at| curve[at].clone()).collect();
        assert_eq!(without_collinear(&curve), bending, "{}", of("bending"));

        let curve = precision_recall_curve(case.rows()).unwrap();
        let expected_curve = &expected["precision_recall"];
        let precision: Vec<f64> = curve.iter().rev().map(|point| point.precision).collect();
        let recall: Vec<f64> = curve.iter().rev().map(|point| point.recall).collect();
        close_all(&precision, &expected_curve["precision"], CLOSED, &of("precision"));
        close_all(&recall, &expected_curve["recall"], CLOSED, &of("recall"));
        let cutoffs: Vec<f64> = curve.iter().rev().filter_map(|point| point.cutoff).collect();
        assert_eq!(cutoffs, numbers(&expected_curve["cutoffs"]), "{}", of("cutoffs"));
        let average = average_precision(case.rows()).unwrap();
        close(average, &expected["average_precision"], CLOSED, &of("average precision"));
    }
}

#[test]
fn areas_are_those_of_scikit_learn_and_delong() {
    for case in cases() {
        let expected = &case.fixture["discrimination"];
        let found = auc_estimate(case.rows(), CONFIDENCE).unwrap();
        close(found.auc, &expected["auc"], CLOSED, case.name);
        let plain = auc(case.rows()).unwrap();
        assert_eq!(plain.to_bits(), found.auc.to_bits(), "{}", case.name);
        let error = found.standard_error.unwrap();
        close(error, &expected["auc_standard_error"], CLOSED, case.name);
        close_interval(found.plain.unwrap(), &expected["auc_plain"], CLOSED, case.name);
        close_interval(found.logit.unwrap(), &expected["auc_logit"], CLOSED, case.name);
    }
    let fixture = fixture();
    let expected = &fixture["macro_auc"];
    let flat: Vec<f64> = expected["p"].as_array().unwrap().iter().flat_map(numbers).collect();
    let probabilities = Array2::from_shape_vec((flat.len() / 3, 3), flat).unwrap();
    let classes = counts(&expected["classes"]);
    let rows = ClassRows::new(&classes, probabilities.view()).unwrap();
    let found = macro_auc(&rows).unwrap();
    close_all(&found.per_class, &expected["per_class"], CLOSED, "per class");
    close(found.mean, &expected["mean"], CLOSED, "macro");
}

#[test]
fn classification_is_that_of_scikit_learn_and_statsmodels() {
    for case in cases() {
        for expected in list(&case.fixture["classification"]) {
            let cutoff = expected["cutoff"].as_f64().unwrap();
            let found = Classification::new(case.rows(), cutoff, CONFIDENCE).unwrap();
            let what = format!("{} at {cutoff}", case.name);
            let c = found.confusion;
            let cells = [c.true_positive, c.false_positive, c.true_negative, c.false_negative];
            let expected_cells =
                ["tp", "fp", "tn", "fn"].map(|cell| number(count(&expected["confusion"][cell])));
            assert_eq!(cells, expected_cells, "{what}");
            let proportions = [
                ("sensitivity", found.sensitivity),
                ("specificity", found.specificity),
                ("ppv", found.ppv),
                ("npv", found.npv),
                ("accuracy", found.accuracy),
            ];
            for (name, found) in proportions {
                close_proportion(found, &expected[name], &format!("{what}: {name}"));
            }
            let ratios = [
                ("balanced_accuracy", found.balanced_accuracy),
                ("f1", found.f1),
                ("mcc", found.mcc),
                ("positive_likelihood_ratio", found.positive_likelihood_ratio),
                ("negative_likelihood_ratio", found.negative_likelihood_ratio),
            ];
            for (name, found) in ratios {
                close_option(found, &expected[name], CLOSED, &format!("{what}: {name}"));
            }
        }
    }
}

#[test]
fn calibration_lines_are_those_of_statsmodels() {
    for case in cases().iter().filter(|case| !case.fixture["line"].is_null()) {
        close_line(case.rows(), &case.fixture["line"], case.name);
    }
}

#[test]
fn total_calibration_follows_the_formulas() {
    for case in cases() {
        let expected = &case.fixture["calibration"];
        let found = observed_expected(case.rows(), CONFIDENCE).unwrap();
        close(found.ratio, &expected["oe"]["ratio"], CLOSED, case.name);
        close(found.expected, &expected["oe"]["expected"], CLOSED, case.name);
        close_interval(found.interval.unwrap(), &expected["oe"]["interval"], CLOSED, case.name);
        let found = spiegelhalter(case.rows()).unwrap();
        close(found.z, &expected["spiegelhalter"]["z"], CLOSED, case.name);
        close(found.p_value, &expected["spiegelhalter"]["p_value"], CLOSED, case.name);
        let found = BrierScore::new(case.rows());
        close(found.score, &expected["brier"]["score"], CLOSED, case.name);
        close(found.of_prevalence, &expected["brier"]["of_prevalence"], CLOSED, case.name);
        close_option(found.skill, &expected["brier"]["skill"], CLOSED, case.name);
    }
}

#[test]
fn bins_are_those_of_scikit_learn() {
    for case in cases() {
        let binnings =
            [("uniform", Binning::EqualWidth(10)), ("quantile", Binning::EqualCount(10))];
        for (name, binning) in binnings {
            let expected = &case.fixture["calibration"][name];
            let what = format!("{}: {name}", case.name);
            let found = CalibrationBins::new(case.rows(), binning).unwrap();
            let sizes: Vec<usize> = found.bins.iter().map(|bin| bin.n_rows).collect();
            assert_eq!(sizes, counts(&expected["n_rows"]), "{what}");
            let observed: Vec<f64> = found.bins.iter().map(|bin| bin.observed).collect();
            let means: Vec<f64> = found.bins.iter().map(|bin| bin.mean_probability).collect();
            close_all(&observed, &expected["observed"], CLOSED, &what);
            close_all(&means, &expected["mean_probability"], CLOSED, &what);
            close(found.expected_calibration_error, &expected["ece"], CLOSED, &what);
            let assessed = Calibration::new(case.rows(), CONFIDENCE).unwrap();
            let assessed = match binning {
                Binning::EqualWidth(_) => assessed.equal_width_calibration_error,
                Binning::EqualCount(_) => assessed.expected_calibration_error,
            };
            close(assessed, &expected["ece"], CLOSED, &what);
            let found = BrierDecomposition::new(case.rows(), binning).unwrap();
            let parts = [
                ("reliability", found.reliability),
                ("resolution", found.resolution),
                ("uncertainty", found.uncertainty),
                ("within_bin_variance", found.within_bin_variance),
                ("within_bin_covariance", found.within_bin_covariance),
            ];
            for (part, found) in parts {
                close(found, &expected[part], CLOSED, &format!("{what}: {part}"));
            }
        }
    }
}

#[test]
fn smooth_calibration_is_the_lowess_of_statsmodels() {
    for case in cases() {
        let expected = &case.fixture["calibration"]["smooth"];
        let found = SmoothCalibration::new(case.rows()).unwrap();
        close_all(&found.observed, &expected["observed"], CLOSED, case.name);
        let distances =
            [("ici", found.ici), ("e50", found.e50), ("e90", found.e90), ("e_max", found.e_max)];
        for (name, found) in distances {
            close(found, &expected[name], CLOSED, &format!("{}: {name}", case.name));
        }
    }
    assert_eq!(lowess(&[0.5], &[1.0], 1.0).unwrap(), [1.0]);
}

#[test]
fn decision_curves_are_those_of_dcurves() {
    for case in cases() {
        let expected = &case.fixture["decision_curve"];
        let cutoffs = numbers(&expected["cutoffs"]);
        let curve = decision_curve(case.rows(), &cutoffs).unwrap();
        let all = |of: fn(&_) -> f64| curve.iter().map(of).collect::<Vec<f64>>();
        close_all(&all(|at| at.model), &expected["model"], CLOSED, case.name);
        close_all(&all(|at| at.treat_all), &expected["treat_all"], CLOSED, case.name);
        close_all(&all(|at| at.treat_none), &expected["treat_none"], CLOSED, case.name);
        for (at, (standardized, avoided)) in curve.iter().zip(
            list(&expected["standardized"]).iter().zip(list(&expected["interventions_avoided"])),
        ) {
            let what = format!("{} at {}", case.name, at.cutoff);
            close_option(at.standardized, standardized, CLOSED, &what);
            close_option(at.interventions_avoided, avoided, CLOSED, &what);
        }
    }
}

#[test]
fn comparisons_are_those_of_mlstatkit_and_statsmodels() {
    let [first, second, _] = cases();
    let fixture = fixture();
    let expected = &fixture["comparison"];
    let paired = Paired::new(&first.outcomes, &first.probabilities, &second.probabilities).unwrap();
    let found = paired.delong(CONFIDENCE).unwrap();
    close(found.difference, &expected["difference"], CLOSED, "difference");
    close(found.standard_error, &expected["standard_error"], CLOSED, "standard error");
    close_interval(found.interval, &expected["interval"], CLOSED, "interval");
    close(found.z.unwrap(), &expected["z"], CLOSED, "z");
    close(found.p_value.unwrap(), &expected["p_value"], CLOSED, "p");

    let cutoffs = numbers(&expected["cutoffs"]);
    let tests = list(&expected["mcnemar"]);
    close_mcnemar(&paired.mcnemar(cutoffs[0], cutoffs[1]).unwrap(), &tests[0]);
    for expected in tests {
        let n = ["n_only_first", "n_only_second"].map(|name| count(&expected[name]));
        close_mcnemar(&McnemarTest::of_counts(n[0], n[1]), expected);
    }
}

#[test]
fn bootstrap_intervals_are_those_of_scipy() {
    let fixture = fixture();
    let expected = &fixture["bootstrap"]["scipy"];
    let some = |value: &Value| options(value);
    let estimate = expected["estimate"].as_f64().unwrap();
    let found = BootstrapDistribution::new(estimate, &some(&expected["replicates"])).unwrap();
    close(found.standard_error(), &expected["standard_error"], CLOSED, "standard error");
    close_interval(found.percentile(CONFIDENCE), &expected["percentile"], CLOSED, "percentile");
    let bca = found.bca(&some(&expected["jackknife"]), CONFIDENCE).unwrap();
    close_interval(bca, &expected["BCa"], CLOSED, "BCa");
}

#[test]
fn bootstrap_rows_are_those_of_pcg64_in_python() {
    let [first, ..] = cases();
    let fixture = fixture();
    let expected = &fixture["bootstrap"];
    let stratified = spec(expected);
    let plain = BootstrapSpec { strata: Strata::None, ..stratified.clone() };
    let last = stratified.n_replicates as u64 - 1;
    for (name, spec, last) in [("rows_stratified", stratified, last), ("rows_plain", plain, 1)] {
        let rows = spec.rows(&first.outcomes, 0);
        assert_eq!(rows[..12], counts(&expected[name][0]), "{name}");
        let rows = spec.rows(&first.outcomes, last);
        assert_eq!(rows[rows.len() - 12..], counts(&expected[name][1]), "{name}");
    }
}

#[test]
fn the_paired_bootstrap_is_that_of_the_same_rows_in_python() {
    let [first, second, _] = cases();
    let fixture = fixture();
    let expected = &fixture["bootstrap"]["auc_difference"];
    let spec = spec(&fixture["bootstrap"]);
    let paired = Paired::new(&first.outcomes, &first.probabilities, &second.probabilities).unwrap();
    let metric = |rows: Rows<'_>| auc(rows).ok();
    let found = paired.bootstrap(&spec, metric).unwrap();
    close(found.estimate, &expected["estimate"], CLOSED, "estimate");
    close(found.standard_error(), &expected["standard_error"], CLOSED, "standard error");
    close_interval(found.percentile(CONFIDENCE), &expected["percentile"], CLOSED, "percentile");
    let jackknife = jackknife(first.outcomes.len(), paired.difference(metric));
    close_interval(found.bca(&jackknife, CONFIDENCE).unwrap(), &expected["bca"], CLOSED, "BCa");

    let one = of_metric(first.rows(), metric);
    let distribution = bootstrap(first.rows(), &spec, one).unwrap();
    assert_eq!(distribution.estimate, auc(first.rows()).unwrap());
}

#[test]
fn cutoffs_are_those_of_an_exhaustive_search() {
    let [first, ..] = cases();
    let fixture = fixture();
    let spec = spec(&fixture["bootstrap"]);
    for expected in list(&fixture["bootstrap"]["cutoffs"]) {
        let of = |name: &str| expected[name].as_f64();
        let rule = match expected["rule"].as_str().unwrap() {
            "youden" => CutoffRule::Youden,
            "sensitivity" => CutoffRule::SensitivityAtLeast(of("least").unwrap()),
            "specificity" => CutoffRule::SpecificityAtLeast(of("least").unwrap()),
            _ => CutoffRule::Cost {
                false_negative: of("false_negative").unwrap(),
                false_positive: of("false_positive").unwrap(),
                prevalence: of("prevalence"),
            },
        };
        let what = format!("{rule:?}");
        let chosen = rule.choose(first.rows()).unwrap();
        let values = [chosen.cutoff, chosen.sensitivity, chosen.specificity];
        close_all(&values, &expected["chosen"], CLOSED, &what);
        let found = rule.choose_with_intervals(first.rows(), &spec, CONFIDENCE).unwrap();
        assert_eq!((found.chosen, found.n_undefined), (chosen, 0), "{what}");
        let intervals = list(&expected["intervals"]);
        close_interval(found.cutoff, &intervals[0], CLOSED, &what);
        close_interval(found.sensitivity, &intervals[1], CLOSED, &what);
        close_interval(found.specificity, &intervals[2], CLOSED, &what);
    }
}

#[test]
fn optimism_is_that_of_the_same_rows_in_python() {
    let [first, ..] = cases();
    let fixture = fixture();
    let expected = &fixture["bootstrap"];
    let x: Vec<Vec<f64>> = list(&expected["x"]).iter().map(numbers).collect();
    let predict = |rows: &[usize]| {
        let model = mean_difference_model(&x, &first.outcomes, rows);
        model(&(0..first.outcomes.len()).collect::<Vec<usize>>())
    };
    let brier = |rows: Rows<'_>| Some(BrierScore::new(rows).score);
    let area = |rows: Rows<'_>| auc(rows).ok();
    let spec = spec(expected);
    let apparent = predict(&(0..first.outcomes.len()).collect::<Vec<usize>>());
    let replicates: Vec<FittedReplicate> = (0..spec.n_replicates as u64)
        .map(|replicate| {
            let rows = spec.rows(&first.outcomes, replicate);
            FittedReplicate { probabilities: Some(predict(&rows)), rows }
        })
        .collect();
    let rows = Rows::new(&first.outcomes, &apparent).unwrap();
    let found = [
        ("brier", optimism(rows, &replicates, brier).unwrap()),
        ("auc", optimism(rows, &replicates, area).unwrap()),
    ];
    for (name, found) in found {
        let expected = &expected["optimism"][name];
        close(found.apparent, &expected["apparent"], CLOSED, name);
        close(found.optimism, &expected["optimism"], CLOSED, name);
        assert_eq!(found.corrected.to_bits(), (found.apparent - found.optimism).to_bits());
        assert_eq!((found.n_replicates, found.n_undefined), (spec.n_replicates, 0));
    }
}

#[test]
fn subgroups_have_the_statistics_of_their_rows() {
    let [first, ..] = cases();
    let fixture = fixture();
    let expected = &fixture["subgroups"];
    let levels: Vec<&str> =
        list(&expected["levels"]).iter().map(|level| level.as_str().unwrap()).collect();
    let cutoff = expected["cutoff"].as_f64().unwrap();
    let spec = SubgroupSpec { cutoff, confidence: CONFIDENCE };
    let mut names: Vec<String> = levels.iter().map(|level| (*level).to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    let place = |level: &&str| names.iter().position(|name| name == level);
    let of_rows: Vec<Option<usize>> = levels.iter().map(place).collect();
    let found = subgroups(first.rows(), &names, &of_rows, spec).unwrap();
    let groups = list(&expected["groups"]);
    assert_eq!(found.len(), groups.len());
    for (found, expected) in found.iter().zip(groups) {
        let what = &found.level;
        assert_eq!(Some(what.as_str()), expected["level"].as_str());
        assert_eq!(found.n_rows, count(&expected["n_rows"]), "{what}");
        assert_eq!(found.n_events, count(&expected["n_events"]), "{what}");
        assert_eq!(found.is_too_small, expected["auc"].is_null(), "{what}");
        let Some(statistics) = &found.statistics else { continue };
        close(statistics.auc.auc, &expected["auc"], CLOSED, what);
        close(statistics.brier.score, &expected["brier"], CLOSED, what);
        let sensitivity = statistics.classification.sensitivity.unwrap();
        close(sensitivity.value, &expected["sensitivity"], CLOSED, what);
        let ratio = statistics.observed_expected.as_ref().unwrap().ratio;
        close(ratio, &expected["oe"], CLOSED, what);
        let line = statistics.calibration_line.as_ref().unwrap();
        close_estimate(&line.slope, &expected["line"]["slope"], what);
        let large = statistics.calibration_in_the_large.unwrap();
        close_estimate(&large, &expected["line"]["large"], what);
    }
}

#[test]
fn the_comparison_of_numbers_can_fail() {
    let refused = |found: f64| {
        std::panic::catch_unwind(|| close(found, &Value::from(1.0), CLOSED, "counter")).is_err()
    };
    assert!(refused(1.0 + 1e-8) && refused(f64::NAN) && !refused(1.0 + 1e-10));
    let none = || close_option(None, &Value::from(1.0), CLOSED, "counter");
    assert!(std::panic::catch_unwind(none).is_err());
    let some = || close_option(Some(1.0), &Value::Null, CLOSED, "counter");
    assert!(std::panic::catch_unwind(some).is_err());
}

/// A model in closed form: standardized differences of class means, summed.
fn mean_difference_model<'a>(
    x: &'a [Vec<f64>],
    outcomes: &[bool],
    rows: &[usize],
) -> impl Fn(&[usize]) -> Vec<f64> + use<'a> {
    let mean = |column: usize, rows: &[usize]| {
        rows.iter().map(|row| x[*row][column]).sum::<f64>() / number(rows.len())
    };
    let of_class = |class: bool| -> Vec<usize> {
        rows.iter().copied().filter(|row| outcomes[*row] == class).collect()
    };
    let (positive, negative) = (of_class(true), of_class(false));
    let columns: Vec<(f64, f64)> = (0..x[0].len())
        .map(|column| {
            let centre = mean(column, rows);
            let square = |row: &usize| (x[*row][column] - centre) * (x[*row][column] - centre);
            let variance = rows.iter().map(square).sum::<f64>() / number(rows.len());
            let (m1, m0) = (mean(column, &positive), mean(column, &negative));
            ((m1 - m0) / variance, (m1 + m0) / 2.0)
        })
        .collect();
    move |rows| {
        let margin = |row: &usize| {
            let terms = x[*row].iter().zip(&columns);
            terms.map(|(value, (weight, centre))| weight * (value - centre)).sum()
        };
        rows.iter().map(|row| logistic(margin(row))).collect()
    }
}

fn close_line(rows: Rows<'_>, expected: &Value, what: &str) {
    let line = calibration_line(rows, CONFIDENCE).unwrap();
    close_estimate(&line.intercept, &expected["intercept"], what);
    close_estimate(&line.slope, &expected["slope"], what);
    let large = calibration_in_the_large(rows, CONFIDENCE).unwrap();
    close_estimate(&large, &expected["large"], what);
}

fn close_estimate(found: &Estimate, expected: &Value, what: &str) {
    close(found.value, &expected["value"], FITTED, what);
    close(found.standard_error, &expected["standard_error"], FITTED, what);
    close_interval(found.interval, &expected["interval"], FITTED, what);
}

fn close_mcnemar(found: &McnemarTest, expected: &Value) {
    let what = format!("{found:?}");
    let n = [found.n_only_first, found.n_only_second];
    assert_eq!(n, ["n_only_first", "n_only_second"].map(|name| count(&expected[name])), "{what}");
    close(found.exact_p_value, &expected["exact_p_value"], CLOSED, &what);
    close_option(found.chi_square, &expected["chi_square"], CLOSED, &what);
    close_option(found.chi_square_p_value, &expected["chi_square_p_value"], CLOSED, &what);
}

fn close_proportion(found: Option<Proportion>, expected: &Value, what: &str) {
    close_option(found.map(|found| found.value), &expected["value"], CLOSED, what);
    if let Some(found) = found {
        close_interval(found.clopper_pearson, &expected["clopper_pearson"], CLOSED, what);
        close_interval(found.wilson, &expected["wilson"], CLOSED, what);
    }
}

fn close_interval(found: Interval, expected: &Value, tolerance: f64, what: &str) {
    close_all(&[found.lower, found.upper], expected, tolerance, what);
}

fn close_all(found: &[f64], expected: &Value, tolerance: f64, what: &str) {
    let expected = list(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        close(*found, expected, tolerance, &format!("{what}: entry {index}"));
    }
}

fn close_option(found: Option<f64>, expected: &Value, tolerance: f64, what: &str) {
    match found {
        Some(found) => close(found, expected, tolerance, what),
        None => assert!(expected.is_null(), "{what}: nothing, expected {expected}"),
    }
}

/// Relative above 1, absolute below.
fn close(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what}: {found}, expected nothing"));
    // Written so that NaN fails.
    let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    assert!(is_close, "{what}: {found}, expected {expected}");
}

fn spec(fixture: &Value) -> BootstrapSpec {
    let n_threads = std::num::NonZeroUsize::new(2).unwrap();
    let seed = fixture["seed"].as_u64().unwrap();
    BootstrapSpec { n_threads, ..BootstrapSpec::new(count(&fixture["n_replicates"]), seed) }
}

fn cases() -> [Case; 3] {
    let fixture = fixture();
    ["first", "second", "small"].map(|name| {
        let fixture = fixture["cases"][name].clone();
        let outcomes = counts(&fixture["y"]).into_iter().map(|class| class == 1).collect();
        Case { name, outcomes, probabilities: numbers(&fixture["p"]), fixture }
    })
}

fn fixture() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/statistics.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|number| number.as_f64().unwrap()).collect()
}

fn options(value: &Value) -> Vec<Option<f64>> {
    list(value).iter().map(Value::as_f64).collect()
}

fn counts(value: &Value) -> Vec<usize> {
    list(value).iter().map(count).collect()
}

fn count(number: &Value) -> usize {
    usize::try_from(number.as_u64().unwrap()).unwrap()
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
