use super::*;
use crate::numeric::ln;
use alloc::string::ToString;
use alloc::vec;

const LN_TENTHS: [f64; 2] = [-2.25, -0.25];

/// A number and a category of three levels, in two classes.
fn mixed() -> NaiveBayes {
    let gaussian = Likelihood::Gaussian { means: vec![1.0, 3.0], variances: vec![4.0, 0.25] };
    let log_probabilities = vec![-1.0, -2.0, -0.5, -0.75, -1.5, -3.0];
    NaiveBayes::new(
        LN_TENTHS.to_vec(),
        vec![gaussian, Likelihood::Categorical { log_probabilities }],
    )
    .unwrap()
}

fn margins(row: [f64; 2]) -> [f64; 2] {
    let mut out = [0.0; 2];
    mixed().compile().unwrap().margins(&row, &mut out);
    out
}

fn ln_density(value: f64, mean: f64, variance: f64) -> f64 {
    let tau = core::f64::consts::TAU;
    -0.5 * ln(tau * variance) - 0.5 * ((value - mean) * (value - mean) / variance)
}

#[test]
fn margins_are_joint_log_likelihoods_summed_from_the_prior_on() {
    let expected =
        [-2.25 + ln_density(2.5, 1.0, 4.0) + -0.5, -0.25 + ln_density(2.5, 3.0, 0.25) + -3.0];
    assert_eq!(margins([2.5, 2.0]), expected);
}

#[test]
fn what_is_missing_or_was_never_seen_contributes_nothing() {
    assert_eq!(margins([f64::NAN, f64::NAN]), LN_TENTHS);
    assert_eq!(margins([f64::NAN, 1.0]), [-2.25 + -2.0, -0.25 + -1.5]);
    let number_alone = [-2.25 + ln_density(1.0, 1.0, 4.0), -0.25 + ln_density(1.0, 3.0, 0.25)];
    assert_eq!(margins([1.0, f64::NAN]), number_alone);
    assert_eq!(margins([1.0, 3.0]), number_alone);
}

#[test]
fn domains_hold_the_densest_value_and_what_is_left_out() {
    let inputs = [Domain::new(0.0, 3.0), Domain::whole(1.0, 2.0)];
    let domains = mixed().check(&inputs).unwrap();
    assert_eq!(domains[0].high, -2.25 + ln_density(1.0, 1.0, 4.0) + -0.5);
    assert_eq!(domains[0].low, -2.25 + ln_density(3.0, 1.0, 4.0) + -2.0);
    assert_eq!(domains[1].low, -0.25 + ln_density(0.0, 3.0, 0.25) + -3.0);
    let missing = inputs.map(|input| Domain { may_be_missing: true, ..input });
    let domains = mixed().check(&missing).unwrap();
    assert_eq!(domains[0].high, -2.25);
    assert!(!domains[0].may_be_missing);
    let unseen = [inputs[0], Domain::whole(1.0, 3.0)];
    assert_eq!(mixed().check(&unseen).unwrap()[0].high, -2.25 + ln_density(1.0, 1.0, 4.0));
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let number = Domain::new(-1e100, 1e100);
    let refused = |inputs: &[Domain]| mixed().check(inputs).unwrap_err().to_string();
    assert_eq!(refused(&[number]), "reads 2 values, expected 1");
    assert_eq!(refused(&[number; 2]), "input 2: is not a level, expected one");
    assert_eq!(
        refused(&[number, Domain::whole(0.0, 4.0)]),
        "input 2: may be level 5, but the table has 3 levels"
    );
    let narrow = Likelihood::Gaussian { means: vec![0.0], variances: vec![1e-250] };
    let narrow = NaiveBayes::new(vec![0.0], vec![narrow]).unwrap();
    assert!(narrow.check(&[number]).unwrap_err().to_string().contains("could pass 1e300"));
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let gaussian = |means, variances| Likelihood::Gaussian { means, variances };
    let categorical = |log_probabilities| Likelihood::Categorical { log_probabilities };
    let cases = [
        (vec![], vec![], "0 classes and 0 inputs, expected at least 1 of each"),
        (vec![-1.0], vec![], "1 classes and 0 inputs, expected at least 1 of each"),
        (
            vec![0.5; 2],
            vec![categorical(vec![-1.0; 2])],
            "log probability 1, expected a finite number of at most 0",
        ),
        (vec![-1.0; 2], vec![gaussian(vec![0.0], vec![1.0; 2])], "input 1: 1 means, expected 2"),
        (
            vec![-1.0; 2],
            vec![gaussian(vec![0.0; 2], vec![1.0, 0.0])],
            "input 1: variance of class 2, expected 1e-300 to 1e300",
        ),
        (
            vec![-1.0; 2],
            vec![categorical(vec![-1.0; 3])],
            "input 1: 3 log probabilities for 2 classes, expected a positive multiple",
        ),
        (
            vec![-1.0; 2],
            vec![categorical(vec![-1.0, f64::NEG_INFINITY])],
            "input 1: log probability 2, expected a finite number of at most 0",
        ),
    ];
    for (log_priors, likelihoods, message) in cases {
        assert_eq!(NaiveBayes::new(log_priors, likelihoods).unwrap_err().to_string(), message);
    }
}
