//! Logistic regressions with many rows, columns or classes: `reference/make_regressions.py`.

use ndarray::Array2;
use nomogram::Linear;
use nomogram_train::Spec as _;
use nomogram_train::learners::{LogisticRegressionSpec, TrainingRows};
use serde_json::Value;

/// Well mixed whole numbers (Prospecting for Hash Functions, lowbias32).
fn mixed(number: usize) -> u32 {
    let mut x = u32::try_from(number).unwrap();
    x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
    x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Three inputs that are 0 or 1, each combination equally often.
fn balanced(n_rows: usize) -> (Array2<f64>, Vec<usize>) {
    let bit = |(row, input): (usize, usize)| f64::from(u8::from(row >> input & 1 == 1));
    let values = Array2::from_shape_fn((n_rows, 3), bit);
    let class = |row: usize| {
        let (a, b, c) = (row & 1, row >> 1 & 1, row >> 2 & 1);
        usize::from((mixed(row) % 100) as usize + 15 * b < 30 + 25 * a + 5 * c)
    };
    (values, (0..n_rows).map(class).collect())
}

/// Inputs between −1 and 1; with `shared`, each is nearly the same.
fn wide([n_rows, n_inputs, n_classes]: [usize; 3], is_shared: bool) -> (Array2<f64>, Vec<usize>) {
    let value = |number: usize| f64::from(mixed(number) % 2001) / 1000.0 - 1.0;
    let values = Array2::from_shape_fn((n_rows, n_inputs), |(row, input)| {
        let x = value(row * n_inputs + input);
        if is_shared { x / 1000.0 + value(row + 77_000_000) } else { x }
    });
    let class = |row: usize| {
        let sum = mixed(row * n_inputs) % 2001 + mixed(row + 99_000_000) % 1000;
        sum as usize * n_classes / 3001
    };
    (values, (0..n_rows).map(class).collect())
}

fn rows_of(name: &str) -> (Array2<f64>, Vec<usize>, usize) {
    let words: Vec<&str> = name.split(' ').collect();
    let count = |word: usize| words[word].parse::<usize>().unwrap();
    match words[0] {
        "balanced" => {
            let (values, classes) = balanced(count(1));
            (values, classes, 2)
        }
        kind => {
            let shape = [count(1), count(2), count(3)];
            let (values, classes) = wide(shape, kind == "shared");
            (values, classes, count(3))
        }
    }
}

fn assert_close(found: &[f64], expected: &Value, what: &str) {
    let expected = expected.as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let expected = expected.as_f64().unwrap();
        let is_close = (found - expected).abs() <= 1e-6 * expected.abs().max(1.0);
        assert!(is_close, "{what} {index}: {found}, expected {expected}");
    }
}

#[test]
fn fits_of_any_size_have_the_coefficients_of_newton_cholesky() {
    let fixture: Value =
        serde_json::from_str(include_str!("../reference/regressions.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (values, classes, n_classes) = rows_of(name);
        let rows = TrainingRows { n_classes, ..TrainingRows::binary(values.view(), &classes) };
        let spec = LogisticRegressionSpec::ridge(case["c"].as_f64().unwrap());
        let linear = spec.check().unwrap().fit(rows).unwrap();
        assert_close(linear.weights(), &case["coef"], &format!("{name}: weight"));
        assert_close(linear.intercepts(), &case["intercept"], &format!("{name}: intercept"));
    }
}

/// The order of each sum is fixed, whichever way a step is computed.
#[test]
fn threads_do_not_change_a_bit() {
    for name in ["balanced 9000", "wide 1500 300 2", "shared 600 270 2", "wide 2000 8 40"] {
        let (values, classes, n_classes) = rows_of(name);
        let rows = TrainingRows { n_classes, ..TrainingRows::binary(values.view(), &classes) };
        let spec = LogisticRegressionSpec::ridge(1.0).check().unwrap();
        let fit = |n_threads: usize| -> Linear {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| spec.fit(rows).unwrap())
        };
        assert_eq!(fit(1), fit(3), "{name}");
    }
}
