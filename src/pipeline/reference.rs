//! Steps against scikit-learn, and against the domains that they promise.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use ndarray::Array2;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn lists(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows = lists(value);
    let width = rows[0].len();
    Array2::from_shape_vec((rows.len(), width), rows.concat()).unwrap()
}

/// The step of a case, and the relative error that it may have: 0 where the operations and their
/// order are those of the reference.
fn step(case: &Value, width: u32) -> (Step, f64) {
    let all = || Inputs::all(width);
    let get = |name: &str| numbers(&case[name]);
    let n_inputs = width as usize;
    match case["step"].as_str().unwrap() {
        "impute" => {
            let imputer = Imputer::new(all(), ImputeStatistic::Mean, get("values"), true);
            (Step::Impute(imputer.unwrap()), 0.0)
        }
        "log1p" => (Step::Log1p(Log1p::new(all())), 1e-15),
        "signed_power" => {
            let exponent = case["exponent"].as_f64().unwrap();
            (Step::SignedPower(SignedPower::new(all(), vec![exponent; n_inputs]).unwrap()), 1e-15)
        }
        "yeo_johnson" => (Step::YeoJohnson(YeoJohnson::new(all(), get("lambdas")).unwrap()), 1e-13),
        "standard" => {
            let scaler = StandardScaler::new(all(), get("means"), get("scales"));
            (Step::StandardScale(scaler.unwrap()), 0.0)
        }
        "min_max" => {
            let scaler = MinMaxScaler::new(all(), get("scales"), get("shifts"));
            (Step::MinMaxScale(scaler.unwrap()), 0.0)
        }
        "robust" => {
            let scaler = RobustScaler::new(all(), get("centers"), get("scales"));
            (Step::RobustScale(scaler.unwrap()), 0.0)
        }
        "one_hot" => {
            let drops_first = case["drops_first"].as_bool().unwrap();
            let encoder = OneHotEncoder::new(all(), vec![4; n_inputs], drops_first);
            (Step::OneHot(encoder.unwrap()), 0.0)
        }
        "target" => {
            let encoder = LevelEncoder::new(all(), lists(&case["numbers"]), get("unseen"));
            (Step::EncodeLevels(encoder.unwrap()), 0.0)
        }
        "bin" => (Step::Bin(Binner::new(all(), lists(&case["edges"])).unwrap()), 0.0),
        "polynomial" => {
            let degree = u32::try_from(case["degree"].as_u64().unwrap()).unwrap();
            let flag = |name: &str| case[name].as_bool().unwrap();
            let polynomial =
                Polynomial::of_degree(width, degree, flag("interactions_only"), flag("has_bias"));
            (Step::Polynomial(polynomial.unwrap()), 0.0)
        }
        "spline" => (Step::Spline(Spline::new(all(), vec![get("knots")]).unwrap()), 1e-12),
        "curves" => {
            let curves = lists(&case["breaks"]).into_iter().zip(case["pieces"].as_array().unwrap());
            let curve = |(breaks, pieces)| Curve { breaks, pieces: lists(pieces) };
            (Step::Curves(Curves::new(all(), vec![curves.map(curve).collect()]).unwrap()), 1e-12)
        }
        "project" => {
            let components = lists(&case["components"]).concat();
            let projection = Projection::new(get("means"), components, get("scales"));
            (Step::Project(projection.unwrap()), 1e-13)
        }
        name => panic!("a case of `{name}`, which no step is compared with"),
    }
}

#[test]
fn steps_do_what_scikit_learn_does() {
    let fixture: Value =
        serde_json::from_str(include_str!("../../tests/reference/steps.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 19);
    let mut failures: Vec<String> = Vec::new();
    for case in cases {
        let (inputs, expected) = (matrix(&case["inputs"]), matrix(&case["outputs"]));
        let (step, tolerance) = step(case, u32::try_from(inputs.ncols()).unwrap());
        let found = step.encode(inputs.view()).unwrap();
        assert_eq!(found.dim(), expected.dim(), "{}", case["step"]);
        for ((at, found), expected) in found.indexed_iter().zip(&expected) {
            let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
            if !(is_close || found.is_nan() && expected.is_nan()) {
                failures.push(format!("{} {at:?}: {found}, expected {expected}", case["step"]));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A row of three numbers, a whole number and a level, with their domains.
fn domains(gap: bool) -> Vec<Domain> {
    let with_gap = |domain: Domain| Domain { may_be_missing: gap, ..domain };
    vec![
        with_gap(Domain::new(-50.0, 80.0)),
        with_gap(Domain::new(0.25, 1e6)),
        Domain::new(-1e-3, 1e-3),
        with_gap(Domain::whole(-9.0, 9.0)),
        with_gap(Domain::whole(0.0, 5.0)),
    ]
}

/// One step of each kind, for rows of such domains.
fn steps() -> Vec<Step> {
    let at = |positions: &[u32]| Inputs::new(positions.to_vec()).unwrap();
    let triples = |value: f64| vec![value; 3];
    vec![
        Step::StandardScale(
            StandardScaler::new(at(&[0, 1, 2]), triples(0.3), triples(0.7)).unwrap(),
        ),
        Step::Impute(
            Imputer::new(at(&[0, 1, 4]), ImputeStatistic::Mode, triples(2.5), true).unwrap(),
        ),
        Step::Clip(Clip::new(at(&[0, 1, 3]), triples(-1.0), triples(7.5)).unwrap()),
        Step::Log1p(Log1p::new(at(&[1, 2, 4]))),
        Step::SignedPower(SignedPower::new(at(&[0, 1, 2]), vec![0.3, 2.5, 1.0]).unwrap()),
        Step::YeoJohnson(YeoJohnson::new(at(&[0, 1, 2, 3]), vec![-0.7, 0.0, 2.0, 1.3]).unwrap()),
        Step::MinMaxScale(MinMaxScaler::new(at(&[0, 1, 2]), triples(-0.1), triples(0.9)).unwrap()),
        Step::RobustScale(RobustScaler::new(at(&[0, 1, 2]), triples(0.1), triples(3.3)).unwrap()),
        Step::OneHot(OneHotEncoder::new(at(&[4]), vec![5], true).unwrap()),
        Step::EncodeLevels(
            LevelEncoder::new(at(&[4]), vec![vec![0.5, -2.0, 0.25]], vec![0.1]).unwrap(),
        ),
        Step::Bin(Binner::new(at(&[0, 1]), vec![vec![0.0, 1.0], vec![5.0]]).unwrap()),
        Step::Derive(
            Derive::new(vec![
                Derivation::Ratio { numerator: 0, denominator: 1 },
                Derivation::Product { first: 0, second: 3 },
                Derivation::Difference { minuend: 2, subtrahend: 0 },
            ])
            .unwrap(),
        ),
        Step::Polynomial(Polynomial::of_degree(5, 3, false, true).unwrap()),
        Step::Spline(
            Spline::new(at(&[0, 3]), vec![vec![-9.0, 1.0, 3.0, 40.0], vec![0.0, 1.0, 2.0]])
                .unwrap(),
        ),
        Step::Curves(
            Curves::new(
                at(&[0, 3]),
                vec![
                    vec![
                        Curve {
                            breaks: vec![-0.5, 2.0],
                            pieces: vec![vec![1.0], vec![0.3, -0.7, 0.1, 2.0], vec![0.1, 0.9]],
                        },
                        Curve { breaks: vec![], pieces: vec![vec![0.1, -3.3]] },
                    ],
                    vec![Curve {
                        breaks: vec![0.7],
                        pieces: vec![vec![9.0], vec![0.0, 0.0, -1.1]],
                    }],
                ],
            )
            .unwrap(),
        ),
        Step::Project(
            Projection::new(vec![1.0; 5], (0..10).map(f64::from).collect(), vec![1.0, 2.0])
                .unwrap(),
        ),
        Step::Select(Select::new(vec![4, 0, 0]).unwrap()),
    ]
}

/// A value of a domain, its ends among them.
fn value_of(domain: Domain) -> impl Strategy<Value = f64> {
    let within = (0.0..=1.0).prop_map(move |share: f64| {
        let value = domain.low + share * (domain.high - domain.low);
        if domain.is_whole {
            crate::numeric::round(value).clamp(domain.low, domain.high)
        } else {
            value.clamp(domain.low, domain.high)
        }
    });
    let missing = if domain.may_be_missing { 1 } else { 0 };
    prop_oneof![
        6 => within,
        1 => Just(domain.low),
        1 => Just(domain.high),
        missing => Just(f64::NAN),
    ]
}

fn rows() -> impl Strategy<Value = (bool, Vec<f64>)> {
    any::<bool>().prop_flat_map(|gap| {
        let values: Vec<_> = domains(gap).into_iter().map(value_of).collect();
        (Just(gap), values)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn outputs_lie_in_the_domains_that_were_told((gap, row) in rows()) {
        for step in steps() {
            let promised = step.check(&domains(gap)).unwrap();
            let mut outputs = vec![7.0; promised.len()];
            step.apply(&row, &mut outputs);
            for (domain, output) in promised.iter().zip(&outputs) {
                let is_kept = if output.is_nan() {
                    domain.may_be_missing
                } else {
                    domain.low <= *output && *output <= domain.high
                        && (!domain.is_whole || crate::numeric::is_whole(*output))
                };
                prop_assert!(is_kept, "{step:?}: {output}, expected {domain:?}");
            }
        }
    }
}
