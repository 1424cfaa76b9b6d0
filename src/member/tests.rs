//! Members built from the parameters of other libraries have the same margins.
//!
//! `tests/reference/make_members.py` made the fixture. Forests are compared bit for bit, because the
//! libraries add leaves one by one in the order of the trees, as we do. Sums of products are compared
//! within a tolerance: the libraries add them by matrix products, in another order.

use alloc::vec;
use serde_json::Value;

use super::*;
use crate::budget::Budget;
use crate::lanes::{N_LANES, levels};

const FIXTURE: &str = include_str!("../../tests/reference/members.json");

/// The cases of a section of a fixture.
pub(crate) fn cases(fixture: &str, section: &str) -> Vec<Value> {
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    fixture[section].as_array().unwrap().clone()
}

/// A list of numbers; null is NaN.
pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

/// A list of lists of numbers.
pub(crate) fn table(lists: &Value) -> Vec<Vec<f64>> {
    lists.as_array().unwrap().iter().map(numbers).collect()
}

/// A part as serde reads it.
pub(crate) fn part<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// The largest error, relative to what is larger than 1.
pub(crate) fn error(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let of_one = |(found, expected): (&f64, &f64)| {
        let error = (found - expected).abs() / expected.abs().max(1.0);
        // `f64::max` passes over NaN.
        if error.is_nan() { f64::INFINITY } else { error }
    };
    found.iter().zip(expected).map(of_one).fold(0.0, f64::max)
}

/// What is known of rows: the ends of each value, whether it is whole, whether it may be missing.
fn domains(rows: &[Vec<f64>]) -> Vec<Domain> {
    let of_input = |input: usize| {
        let column = || rows.iter().map(|row| row[input]).filter(|value| !value.is_nan());
        Domain {
            low: column().fold(f64::INFINITY, f64::min),
            high: column().fold(f64::NEG_INFINITY, f64::max),
            is_whole: column().all(|value| value.fract() == 0.0),
            may_be_missing: rows.iter().any(|row| row[input].is_nan()),
        }
    };
    (0..rows[0].len()).map(of_input).collect()
}

/// How far margins and outputs may be from those of the fixture.
struct Tolerance {
    margins: f64,
    outputs: f64,
}

/// The margins of one row.
pub(in super::super) fn row_margins(
    member: &CompiledMember,
    level: Level,
    row: &[f64],
    n_margins: usize,
) -> Vec<f64> {
    let mut margins = vec![f64::NAN; n_margins];
    member.margins(level, row, &mut vec![f64::NAN; member.n_temporary()], &mut margins);
    margins
}

/// Fails unless a row and a block of rows have the same bits, with any vector instructions.
pub(in super::super) fn check_blocks<R: AsRef<[f64]>>(
    member: &CompiledMember,
    rows: &[R],
    n_margins: usize,
) {
    let n_temporary = member.n_temporary();
    for block in rows.chunks(N_LANES) {
        let row = |lane: usize| block[lane % block.len()].as_ref();
        let encoded: Vec<Lanes> =
            (0..row(0).len()).map(|input| core::array::from_fn(|lane| row(lane)[input])).collect();
        for level in levels() {
            let mut temporary = vec![[f64::NAN; N_LANES]; n_temporary];
            let mut margins = vec![[f64::NAN; N_LANES]; n_margins];
            member.block_margins(level, &encoded, &mut temporary, &mut margins);
            for lane in 0..N_LANES {
                let expected = row_margins(member, Level::baseline(), row(lane), n_margins);
                let alone = row_margins(member, level, row(lane), n_margins);
                for ((margins, alone), expected) in margins.iter().zip(alone).zip(expected) {
                    assert_eq!(alone.to_bits(), expected.to_bits(), "{level:?}");
                    assert_eq!(margins[lane].to_bits(), expected.to_bits(), "{level:?}");
                }
            }
        }
    }
}

/// Opens a member for the rows of a case and compares every margin and output.
fn compare(member: Member, case: &Value, tolerance: &Tolerance) {
    let name = case["name"].as_str().unwrap();
    let rows = table(&case["rows"]);
    let (margins, outputs) = (table(&case["margins"]), table(&case["probabilities"]));
    let link = member.link();
    let domains = member.check(&domains(&rows), margins[0].len()).unwrap();
    link.check(&domains).unwrap();
    let compiled = member.compile(&mut Budget::unlimited()).unwrap();
    check_blocks(&compiled, &rows, margins[0].len());
    let (mut worst_margin, mut worst_output) = (0.0_f64, 0.0_f64);
    for ((row, margins), outputs) in rows.iter().zip(&margins).zip(&outputs) {
        let found = row_margins(&compiled, Level::baseline(), row, margins.len());
        for (margin, domain) in found.iter().zip(&domains) {
            assert!(domain.low <= *margin && *margin <= domain.high, "{name}: {row:?}");
        }
        let is_exact = found.iter().map(|m| m.to_bits()).eq(margins.iter().map(|m| m.to_bits()));
        worst_margin = worst_margin.max(if is_exact { 0.0 } else { error(&found, margins) });
        assert!(is_exact || tolerance.margins > 0.0, "{name}: {found:?} for {margins:?}");
        let mut found_outputs = vec![0.0; outputs.len()];
        link.outputs(&found, &mut found_outputs);
        worst_output = worst_output.max(error(&found_outputs, outputs));
    }
    assert!(worst_margin <= tolerance.margins, "{name}: margins are off by {worst_margin:e}");
    assert!(worst_output <= tolerance.outputs, "{name}: outputs are off by {worst_output:e}");
}

fn node(value: &Value) -> Node {
    let at = |index: usize| u32::try_from(value[index].as_u64().unwrap()).unwrap();
    if value[1].is_null() {
        return Node::Leaf { leaf: at(0) };
    }
    let (input, left, right, default_child) = (at(0), at(2), at(3), part(&value[4]));
    match &value[1] {
        Value::Number(threshold) => {
            let threshold = threshold.as_f64().unwrap();
            Node::Split { input, threshold, left, right, default_child }
        }
        levels => Node::SplitLevels { input, levels: part(levels), left, right, default_child },
    }
}

pub(super) fn forest(case: &Value) -> Forest {
    let tree = |tree: &Value| Tree {
        margin: part(&tree["margin"]),
        nodes: tree["nodes"].as_array().unwrap().iter().map(node).collect(),
        leaves: part(&tree["leaves"]),
    };
    Forest {
        link: part(&case["link"]),
        n_inputs: 4,
        comparison: part(&case["comparison"]),
        precision: part(&case["precision"]),
        aggregate: part(&case["aggregate"]),
        base_margins: part(&case["base_margins"]),
        trees: case["trees"].as_array().unwrap().iter().map(tree).collect(),
    }
}

#[test]
fn forests_of_three_libraries_give_their_bits() {
    let cases = cases(FIXTURE, "forests");
    assert!(cases.len() >= 14);
    for case in cases {
        // XGBoost's probabilities are in single precision.
        let is_single = case["precision"] == "Single";
        let outputs = if is_single { 1e-6 } else { 1e-15 };
        compare(Member::Forest(forest(&case)), &case, &Tolerance { margins: 0.0, outputs });
    }
}

/// Rows at thresholds and between single and double precision: the fixture would notice.
#[test]
fn another_comparison_or_precision_gives_other_margins() {
    for case in cases(FIXTURE, "forests") {
        let right = forest(&case);
        let comparison = match right.comparison {
            Comparison::AtMost => Comparison::Below,
            Comparison::Below => Comparison::AtMost,
        };
        let precision = match right.precision {
            Precision::Double => Precision::SingleInputs,
            Precision::SingleInputs | Precision::Single => Precision::Double,
        };
        for wrong in [Forest { comparison, ..right.clone() }, Forest { precision, ..right.clone() }]
        {
            let rows = table(&case["rows"]);
            let differs = |row: &Vec<f64>| {
                let margins = |forest: &Forest| {
                    let mut out = vec![0.0; forest.base_margins.len()];
                    let flat = FlatForest::new(forest).unwrap();
                    flat.margins(
                        Level::baseline(),
                        row,
                        &mut vec![f64::NAN; flat.n_temporary()],
                        &mut out,
                    );
                    out
                };
                margins(&wrong) != margins(&right)
            };
            assert!(rows.iter().any(differs), "{}", case["name"]);
        }
    }
}

#[test]
fn networks_of_two_libraries_are_the_same_network() {
    for case in cases(FIXTURE, "networks") {
        let network = Network::new(part(&case["link"]), part(&case["layers"])).unwrap();
        compare(Member::Network(network), &case, &Tolerance { margins: 1e-12, outputs: 1e-12 });
    }
}

#[test]
fn linear_models_of_every_link_are_the_same_model() {
    for case in cases(FIXTURE, "linear") {
        let (intercepts, weights) = (part(&case["intercepts"]), part(&case["weights"]));
        let linear = Linear::new(part(&case["link"]), intercepts, weights).unwrap();
        compare(Member::Linear(linear), &case, &Tolerance { margins: 1e-12, outputs: 1e-12 });
    }
}

fn stored_rows(case: &Value, key: &str) -> StoredRows {
    StoredRows { n_inputs: part(&case["n_inputs"]), values: numbers(&case[key]) }
}

#[test]
fn kernels_of_libsvm_give_its_decision_functions() {
    for case in cases(FIXTURE, "support_vectors") {
        let vectors = stored_rows(&case, "vectors");
        let machine = SupportVectors {
            link: part(&case["link"]),
            kernel: part(&case["kernel"]),
            vectors,
            coefficients: numbers(&case["coefficients"]),
            intercepts: numbers(&case["intercepts"]),
        };
        let member = Member::SupportVectors(machine);
        compare(member, &case, &Tolerance { margins: 1e-12, outputs: 1e-12 });
    }
}

/// Means of eight and more numbers are added in pairs there, and weights are not divided by the largest one.
#[test]
fn nearest_neighbours_give_the_shares_and_means_of_scikit_learn() {
    for case in cases(FIXTURE, "neighbours") {
        let neighbours = Neighbours {
            metric: part(&case["metric"]),
            weight: part(&case["weight"]),
            n_neighbours: part(&case["n_neighbours"]),
            rows: stored_rows(&case, "stored"),
            targets: part(&case["targets"]),
        };
        let member = Member::Neighbours(neighbours);
        compare(member, &case, &Tolerance { margins: 1e-15, outputs: 1e-15 });
    }
}

#[test]
fn naive_bayes_gives_the_joint_log_likelihoods() {
    for case in cases(FIXTURE, "naive_bayes") {
        let (log_priors, likelihoods) = (part(&case["log_priors"]), part(&case["likelihoods"]));
        let member = NaiveBayes::new(log_priors, likelihoods).unwrap();
        compare(Member::NaiveBayes(member), &case, &Tolerance { margins: 1e-12, outputs: 1e-12 });
    }
}

#[test]
fn an_error_is_seen() {
    assert_eq!(error(&[1.0, -4.0], &[1.0, -2.0]), 1.0);
    assert_eq!(error(&[1e-3, 0.0], &[0.0, 0.0]), 1e-3);
    assert_eq!(error(&[f64::NAN, 0.0], &[0.0, 0.0]), f64::INFINITY);
    assert_eq!(error(&[0.0, 0.0], &[0.0, f64::NAN]), f64::INFINITY);
}

/// The variants' numbers are those of bundles: they are only ever appended.
#[test]
fn variants_keep_their_numbers() {
    fn number<T: Serialize>(value: &T) -> u8 {
        crate::codec::encode(value).unwrap()[0]
    }
    let linear = Linear::new(Link::Logit, vec![0.0], vec![0.0]).unwrap();
    let forest = Forest::new(Link::Logit, 1, vec![0.0], vec![]).unwrap();
    let layer = Layer { activation: Activation::Identity, biases: vec![0.0], weights: vec![0.0] };
    let network = Network::new(Link::Logit, vec![layer]).unwrap();
    let gaussian = Likelihood::Gaussian { means: vec![0.0], variances: vec![1.0] };
    let naive_bayes = NaiveBayes::new(vec![0.0], vec![gaussian]).unwrap();
    let points = Points::Levels { points: vec![0] };
    let items = vec![PointsItem { input: 0, points, if_missing: None }];
    let total = PointsTotal::Value { intercept: 0.0, slope: 1.0 };
    let single = LinearSingle::new(Link::Logit, vec![0.0], vec![0.0]).unwrap();
    let linear_forest = LinearForest::new(forest.clone(), vec![], vec![], vec![], vec![]).unwrap();
    let kernel = Kernel::Radial { gamma: 1.0 };
    let (vectors, coefficients) = (StoredRows { n_inputs: 1, values: vec![] }, vec![]);
    let intercepts = vec![0.0];
    let machine = SupportVectors { link: Link::Logit, kernel, vectors, coefficients, intercepts };
    let (metric, weight) = (Metric::Euclidean, NeighbourWeight::Uniform);
    let rows = StoredRows { n_inputs: 1, values: vec![0.0] };
    let targets = NeighbourTargets::Numbers(vec![0.0]);
    let neighbours = Neighbours { metric, weight, n_neighbours: 1, rows, targets };
    let members = [
        Member::Linear(linear),
        Member::Forest(forest),
        Member::Network(network),
        Member::NaiveBayes(naive_bayes),
        Member::PointsScore(PointsScore::new(1, items, total).unwrap()),
        Member::LinearSingle(single),
        Member::LinearForest(linear_forest),
        Member::SupportVectors(machine),
        Member::Neighbours(neighbours),
    ];
    assert_eq!(members.map(|member| number(&member)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    let activations = [
        Activation::Identity,
        Activation::Relu,
        Activation::Tanh,
        Activation::Logistic,
        Activation::LeakyRelu { slope: 0.0 },
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Softmax,
    ];
    assert_eq!(activations.map(|activation| number(&activation)), [0, 1, 2, 3, 4, 5, 6, 7]);
}
