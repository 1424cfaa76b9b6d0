//! For any member and row, margins lie in the domains that `check` returned.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as list;
use proptest::prelude::*;
use proptest::sample::select;

use super::tests::{check_blocks, row_margins};
use super::*;

const N_LEVELS: usize = 4;

/// Two numbers and a level; any of them may be missing where `may_be_missing`.
#[derive(Clone, Debug)]
struct Case {
    member: Member,
    inputs: [Domain; 3],
    rows: Vec<[f64; 3]>,
}

/// Parameters of many sizes, and those at which functions bend.
fn parameter() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3.0..3.0,
        2 => -1e6..1e6,
        1 => select(vec![0.0, -0.0, 1.0, -1.0, 1e-300, 1e30, -1e30]),
    ]
}

fn domain(may_be_missing: bool) -> impl Strategy<Value = Domain> {
    (parameter(), parameter())
        .prop_map(move |(a, b)| Domain { may_be_missing, ..Domain::new(a.min(b), a.max(b)) })
}

fn level(may_be_missing: bool) -> impl Strategy<Value = Domain> {
    // The highest number is that of an unseen level.
    (0..=N_LEVELS, 0..=N_LEVELS).prop_map(move |(a, b)| {
        let (low, high) = (crate::schema::count(a.min(b)), crate::schema::count(a.max(b)));
        Domain { may_be_missing, ..Domain::whole(low, high) }
    })
}

/// A value of the domain: an end, in between, or missing.
fn value(domain: Domain) -> impl Strategy<Value = f64> {
    (0.0..=1.0_f64, 0..6).prop_map(move |(share, kind)| {
        let between = (domain.low + share * (domain.high - domain.low)).min(domain.high);
        match kind {
            0 => domain.low,
            1 => domain.high,
            2 if domain.may_be_missing => f64::NAN,
            _ if domain.is_whole => between.round_ties_even(),
            _ => between,
        }
    })
}

/// Rows for a member; inputs that `can_be_missing` are, in every other case.
fn case<S: Strategy<Value = Member>>(
    member: S,
    can_be_missing: bool,
) -> impl Strategy<Value = Case> {
    let inputs = any::<bool>().prop_flat_map(move |some_are| {
        let may_be_missing = some_are && can_be_missing;
        (domain(may_be_missing), domain(may_be_missing), level(may_be_missing))
    });
    (member, inputs).prop_flat_map(|(member, (a, b, c))| {
        list((value(a), value(b), value(c)), 6).prop_map(move |rows| Case {
            member: member.clone(),
            inputs: [a, b, c],
            rows: rows.into_iter().map(|(a, b, c)| [a, b, c]).collect(),
        })
    })
}

fn linear() -> impl Strategy<Value = Member> {
    (list(parameter(), 2), list(parameter(), 6)).prop_map(|(intercepts, weights)| {
        Member::Linear(Linear::new(Link::Softmax, intercepts, weights).unwrap())
    })
}

#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn linear_single() -> impl Strategy<Value = Member> {
    let single = || parameter().prop_map(|number| f64::from(number as f32));
    (list(single(), 2), list(single(), 6)).prop_map(|(intercepts, weights)| {
        let linear = LinearSingle::new(Link::SoftmaxSingle, intercepts, weights);
        Member::LinearSingle(linear.unwrap())
    })
}

fn layer(activation: Activation, n_inputs: usize, n: usize) -> impl Strategy<Value = Layer> {
    (list(parameter(), n), list(parameter(), n_inputs * n))
        .prop_map(move |(biases, weights)| Layer { activation, biases, weights })
}

fn network() -> impl Strategy<Value = Member> {
    let activation = prop_oneof![
        select(vec![
            Activation::Identity,
            Activation::Relu,
            Activation::Tanh,
            Activation::Logistic,
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::Softmax,
        ]),
        parameter().prop_map(|slope| Activation::LeakyRelu { slope }),
    ];
    (activation.clone(), activation).prop_flat_map(|(first, second)| {
        (layer(first, 3, 4), layer(second, 4, 3), layer(Activation::Identity, 3, 2)).prop_map(
            |(first, second, last)| {
                let layers = vec![first, second, last];
                Member::Network(Network::new(Link::Softmax, layers).unwrap())
            },
        )
    })
}

fn naive_bayes() -> impl Strategy<Value = Member> {
    let gaussian = || {
        let variance = prop_oneof![4 => 0.01..10.0, 1 => select(vec![1e-200, 1e-9, 1e9, 1e300])];
        (list(parameter(), 2), list(variance, 2))
            .prop_map(|(means, variances)| Likelihood::Gaussian { means, variances })
    };
    let categorical = list(-20.0..0.0, 2 * N_LEVELS)
        .prop_map(|log_probabilities| Likelihood::Categorical { log_probabilities });
    (list(-5.0..0.0, 2), gaussian(), gaussian(), categorical).prop_map(
        |(log_priors, first, second, third)| {
            let likelihoods = vec![first, second, third];
            Member::NaiveBayes(NaiveBayes::new(log_priors, likelihoods).unwrap())
        },
    )
}

fn machine() -> impl Strategy<Value = Member> {
    support_vectors::tests::support_vectors().prop_map(Member::SupportVectors)
}

fn nearest() -> impl Strategy<Value = Member> {
    let either = any::<bool>().prop_flat_map(neighbours::tests::neighbours);
    either.prop_map(Member::Neighbours)
}

fn bins() -> impl Strategy<Value = Points> {
    (list(parameter(), 0..4), select(vec![Tie::Below, Tie::Above])).prop_flat_map(
        |(mut thresholds, tie)| {
            thresholds.sort_by(f64::total_cmp);
            thresholds.dedup_by(|a, b| a == b);
            list(-3..10, thresholds.len() + 1).prop_map(move |points| Points::Bins {
                thresholds: thresholds.clone(),
                tie,
                points,
            })
        },
    )
}

fn points_score() -> impl Strategy<Value = Member> {
    let levels = list(-3..10, N_LEVELS + 1).prop_map(|points| Points::Levels { points });
    let total = prop_oneof![
        (parameter(), parameter())
            .prop_map(|(intercept, slope)| PointsTotal::Value { intercept, slope }),
        (parameter(), parameter())
            .prop_map(|(intercept, slope)| PointsTotal::Logit { intercept, slope }),
        list(0.0..=1.0, 40).prop_map(|probabilities| PointsTotal::Table {
            probabilities: (-10..).zip(probabilities).collect(),
        }),
    ];
    let item = |input, points| PointsItem { input, points, if_missing: Some(2) };
    (bins(), bins(), levels, total).prop_map(move |(first, second, third, total)| {
        let items = vec![item(0, first), item(1, second), item(2, third)];
        Member::PointsScore(PointsScore::new(3, items, total).unwrap())
    })
}

fn n_margins(link: Link) -> usize {
    match link {
        Link::Logit
        | Link::LogitSingle
        | Link::Identity
        | Link::Log
        | Link::LogSingle
        | Link::ComplementaryLogLog => 1,
        Link::Softmax | Link::SoftmaxSingle | Link::Probability | Link::OneVsRest => 2,
    }
}

/// Compares all margins of a case with the domains that `check` returned, or returns its refusal.
fn compare(case: Case) -> Result<Result<(), Error>, TestCaseError> {
    let n_margins = n_margins(case.member.link());
    let domains = match case.member.check(&case.inputs, n_margins) {
        Ok(domains) => domains,
        Err(error) => return Ok(Err(error)),
    };
    let compiled = case.member.compile(&mut Budget::unlimited()).unwrap();
    check_blocks(&compiled, &case.rows, n_margins);
    for row in &case.rows {
        // In a block without a missing value, forests have a way of their own.
        check_blocks(&compiled, core::slice::from_ref(row), n_margins);
        let out = row_margins(&compiled, Level::baseline(), row, n_margins);
        for (found, domain) in out.iter().zip(&domains) {
            let is_within = domain.low <= *found && *found <= domain.high;
            prop_assert!(is_within, "{} is not in {:?} for {:?}", found, domain, row);
        }
    }
    Ok(Ok(()))
}

/// Of a valid member, which is refused only when it could overflow.
fn margins_lie_within(case: Case) -> Result<(), TestCaseError> {
    compare(case)?.or_else(|error| {
        let text = error.to_string();
        let could_overflow = text.contains("could pass 1e300") || text.contains("expected [-1");
        prop_assert!(could_overflow, "{}", text);
        Err(TestCaseError::reject("it could overflow"))
    })
}

/// A member of which some bytes were changed after it was encoded.
fn broken(case: Case, edits: &[(prop::sample::Index, u8)]) -> Option<Case> {
    let mut bytes = crate::codec::encode(&case.member).unwrap();
    for (at, byte) in edits {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    crate::codec::decode(&bytes, &mut Budget::unlimited())
        .ok()
        .map(|member| Case { member, ..case })
}

proptest! {
    #[test]
    fn linear_margins_lie_within(case in case(linear(), false)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn linear_margins_of_single_precision_lie_within(case in case(linear_single(), true)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn margins_of_networks_lie_within(case in case(network(), false)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn margins_of_naive_bayes_lie_within(case in case(naive_bayes(), true)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn margins_of_support_vectors_lie_within(case in case(machine(), false)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn margins_of_neighbours_lie_within(case in case(nearest(), false)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn margins_of_points_scores_lie_within(case in case(points_score(), true)) {
        margins_lie_within(case)?;
    }

    #[test]
    fn a_broken_member_is_refused_or_predicts_as_its_check_returned(
        case in prop_oneof![
            case(linear(), false),
            case(linear_single(), true),
            case(network(), false),
            case(naive_bayes(), true),
            case(points_score(), true),
            case(linear_forest::tests::linear_forest().prop_map(Member::LinearForest), true),
            case(machine(), false),
            case(nearest(), false),
            case(forest::properties::forest().prop_map(Member::Forest), true),
        ],
        edits in list(
            (any::<prop::sample::Index>(), prop_oneof![0..9_u8, 0x7e..0x81_u8, any::<u8>()]),
            1..4,
        ),
    ) {
        if let Some(broken) = broken(case, &edits) {
            // Refused or not: what it predicts was compared.
            drop(compare(broken)?);
        }
    }
}
