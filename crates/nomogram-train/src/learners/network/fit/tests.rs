use super::super::start::initial_layers;
use super::*;
use crate::invalid::Spec;
use crate::learners::early_stopping::EarlyStopping;
use crate::learners::network::descent::Descent;
use ndarray::{Array2, ArrayView1, Axis, array};
use nomogram::Activation;

fn spec(early_stopping: Option<EarlyStopping>) -> NetworkSpec {
    NetworkSpec {
        hidden: vec![4],
        activation: Activation::Tanh,
        l2: 0.0,
        learning_rate: 0.05,
        batch_rows: 2,
        max_epochs: 300,
        early_stopping,
        ..NetworkSpec::new(Vec::new())
    }
}

fn fit(spec: &NetworkSpec, rows: TrainingRows<'_>, seed: u64) -> Network {
    spec.clone().check().unwrap().fit(rows, seed).unwrap()
}

fn fit_from(spec: &NetworkSpec, rows: TrainingRows<'_>, start: NetworkStart) -> Network {
    spec.clone().check().unwrap().fit_from(rows, 1, start).unwrap()
}

fn margin(descent: &mut Descent<'_>, row: &[f64]) -> f64 {
    descent.forward(row);
    descent.margins()[0]
}

#[test]
fn it_learns_classes_that_no_line_separates() {
    let values = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let rows = TrainingRows::binary(values.view(), &[0, 1, 1, 0]);
    let spec = spec(None);
    let network = fit(&spec, rows, 1);
    let mut descent = Descent::new(&spec, network.layers().to_vec());
    let margins: Vec<f64> =
        values.rows().into_iter().map(|row| margin(&mut descent, &row.to_vec())).collect();
    assert!(margins[0] < -2.0 && margins[1] > 2.0 && margins[2] > 2.0 && margins[3] < -2.0);
}

/// Three classes on a line; no single cut separates the middle one.
fn three_classes() -> (Array2<f64>, Vec<usize>) {
    let values = Array2::from_shape_fn((30, 2), |(row, column)| {
        let place = f64::from(u32::try_from(row).unwrap()) / 15.0 - 1.0;
        if column == 0 { place } else { place * place }
    });
    let class = |row| if row < 10 { 0 } else { 1 + usize::from(row >= 20) };
    (values, (0..30).map(class).collect())
}

#[test]
fn more_classes_have_a_margin_each() {
    let (values, classes) = three_classes();
    let rows = TrainingRows {
        values: values.view(),
        classes: &classes,
        n_classes: 3,
        weights: None,
        groups: None,
        columns: &[],
    };
    let network = fit(&spec(None), rows, 1);
    let spec = spec(None);
    let mut descent = Descent::new(&spec, network.layers().to_vec());
    for (row, class) in values.rows().into_iter().zip(&classes) {
        descent.forward(&row.to_vec());
        let largest = nomogram_stats::metrics::most_probable(ArrayView1::from(descent.margins()));
        assert_eq!(largest, *class);
    }
}

#[test]
fn a_row_of_weight_two_counts_as_two_rows() {
    let (values, classes) = three_classes();
    let rows = TrainingRows {
        values: values.view(),
        classes: &classes,
        n_classes: 3,
        weights: None,
        groups: None,
        columns: &[],
    };
    let spec = NetworkSpec { batch_rows: 30, max_epochs: 20, l2: 0.1, ..spec(None) };
    let start = |n| NetworkStart { layers: initial_layers(&spec, n, 3, 4), shuffle: false };
    let plain = fit_from(&spec, rows, start(2));
    let ones = [1.0; 30];
    let same = fit_from(&spec, TrainingRows { weights: Some(&ones), ..rows }, start(2));
    assert_eq!(plain, same);
    let twice: Vec<usize> = (0..30).flat_map(|row| vec![row; 1 + row % 2]).collect();
    let repeated = values.select(Axis(0), &twice);
    let classes_twice: Vec<usize> = twice.iter().map(|row| classes[*row]).collect();
    let repeated = TrainingRows { values: repeated.view(), classes: &classes_twice, ..rows };
    let spec = NetworkSpec { batch_rows: twice.len(), ..spec.clone() };
    let weights: Vec<f64> = (0..30).map(|row| if row % 2 == 0 { 1.0 } else { 2.0 }).collect();
    let weighted = TrainingRows { weights: Some(&weights), ..rows };
    let [a, b] = [repeated, weighted].map(|rows| {
        let start = NetworkStart { layers: initial_layers(&spec, 2, 3, 4), shuffle: false };
        fit_from(&spec, rows, start)
    });
    for (a, b) in a.layers().iter().zip(b.layers()) {
        assert!(a.weights.iter().zip(&b.weights).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

#[test]
fn several_seeds_are_one_network_with_their_mean_margins() {
    let (values, classes) = three_classes();
    let classes: Vec<usize> = classes.iter().map(|class| class % 2).collect();
    let rows = TrainingRows::binary(values.view(), &classes);
    for hidden in [vec![], vec![4], vec![4, 3]] {
        let one = NetworkSpec { hidden, max_epochs: 20, ..spec(None) };
        let all = fit(&NetworkSpec { n_seeds: 3, ..one.clone() }, rows, 7);
        let single = |nth: u64| {
            let seed = 7_u64.wrapping_add(nth.wrapping_mul(SEED_STRIDE));
            fit(&one, rows, seed)
        };
        let singles = [single(0), single(1), single(2)];
        assert_ne!(singles[0], singles[1]);
        for row in values.rows() {
            let margin_of = |network: &Network| {
                margin(&mut Descent::new(&one, network.layers().to_vec()), &row.to_vec())
            };
            let mean = singles.iter().map(margin_of).sum::<f64>() / 3.0;
            assert!((margin_of(&all) - mean).abs() < 1e-12, "{} {mean}", margin_of(&all));
        }
    }
}

#[test]
fn a_fit_that_diverges_is_refused() {
    let values = Array2::from_shape_fn((20, 1), |(row, _)| if row < 10 { -1e60 } else { 1e60 });
    let classes: Vec<usize> = (0..20).map(|row| row % 2).collect();
    let rows = TrainingRows::binary(values.view(), &classes);
    for stopping in [None, Some(EarlyStopping { fraction: 0.5, patience: 3 })] {
        let spec =
            NetworkSpec { learning_rate: 1e200, activation: Activation::Relu, ..spec(stopping) };
        let error = spec.check().unwrap().fit(rows, 0).unwrap_err();
        assert!(matches!(error, Error::NotConverged(_)), "{error}");
    }
}

#[test]
fn a_start_that_does_not_fit_is_refused() {
    let values = array![[0.0, 0.0], [1.0, 1.0]];
    let rows = TrainingRows::binary(values.view(), &[0, 1]);
    let layers = initial_layers(&spec(None), 3, 1, 0);
    let start = NetworkStart { layers, shuffle: false };
    let error = spec(None).check().unwrap().fit_from(rows, 0, start).unwrap_err();
    assert!(
        error.to_string().contains("has 3 inputs and layers of [4, 1] outputs, expected 2 inputs"),
        "{error}"
    );
}
