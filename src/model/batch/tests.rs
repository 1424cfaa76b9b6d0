use alloc::vec::Vec;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::lanes::levels;

/// Golden rows of a model, over and over.
struct GoldenRows<'m> {
    model: &'m Model,
    n_rows: usize,
}

impl Rows for GoldenRows<'_> {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        let cases = &self.model.golden_cases;
        Cell::of_array(cases[row % cases.len()].row[feature])
    }
}

/// The bits of everything that is predicted for a row.
fn bits(prediction: &Prediction<'_>) -> Vec<u64> {
    let numbers = prediction.outputs.iter().chain(prediction.members).chain(prediction.margins);
    let flags = prediction.flags.iter().chain([&prediction.row_flags]);
    let broken = prediction.broken.iter().map(|is_broken| u64::from(*is_broken));
    let uncertain = prediction.uncertain().into_iter().flat_map(|uncertain| {
        let p_values = uncertain.p_values().map(f64::to_bits);
        let distance = [uncertain.distance(), uncertain.distance_p_value()];
        let distance = distance.map(|number| number.map_or(0, f64::to_bits));
        p_values.chain(distance).chain([uncertain.verdict() as u64]).collect::<Vec<_>>()
    });
    numbers
        .map(|number| number.to_bits())
        .chain(flags.map(|flags| u64::from(flags.bits())))
        .chain(broken)
        .chain(uncertain)
        .collect()
}

/// The bits of each row, predicted one by one.
fn one_by_one(rows: &GoldenRows<'_>) -> Vec<Vec<u64>> {
    let model = rows.model;
    let mut scratch = Scratch::new(model.scratch_layout()).unwrap();
    let mut predict = |row| {
        let mut regions = scratch.regions(&model.scratch_layout);
        let row_flags = model.admit(model.cells(rows, row), &mut regions).unwrap();
        bits(&model.predict(regions, row_flags))
    };
    (0..rows.n_rows).map(&mut predict).collect()
}

/// The bits of each row, predicted as a batch.
fn as_batch(rows: &GoldenRows<'_>, on_refusal: OnRefusal) -> Vec<Vec<u64>> {
    let mut scratch = Scratch::new(rows.model.scratch_layout()).unwrap();
    let mut predicted = Vec::new();
    let sink = |row: usize, prediction: Result<Prediction<'_>, Error>| {
        assert_eq!(row, predicted.len());
        predicted.push(bits(&prediction.unwrap()));
    };
    let mut sink = Each::new(sink);
    rows.model.predict_rows(&mut scratch, rows, on_refusal, &mut sink).unwrap();
    predicted
}

/// The bundles of the corpus, and the golden ones.
fn bundle_files() -> impl Iterator<Item = PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    ["corpus", "bundles/v1", "bundles/v2"]
        .into_iter()
        .flat_map(move |folder| fs::read_dir(data.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "nomo"))
}

#[test]
fn batches_of_any_size_have_the_bits_of_their_rows_with_any_vector_instructions() {
    let mut n_models = 0;
    for path in bundle_files() {
        let mut model = Model::open_file(&path).unwrap();
        n_models += 1;
        for n_rows in [1, 3, N_LANES - 1, N_LANES, 2 * N_LANES + 5] {
            let expected = one_by_one(&GoldenRows { model: &model, n_rows });
            for level in levels() {
                model.level = level;
                for on_refusal in [OnRefusal::Stop, OnRefusal::GoOn] {
                    let batch = as_batch(&GoldenRows { model: &model, n_rows }, on_refusal);
                    assert!(batch == expected, "{}, {n_rows} rows, {level:?}", path.display());
                }
            }
        }
    }
    assert!(n_models > 40, "{n_models} models");
}

/// Rows of numbers, of which the model sees slices or single values.
struct Numbers {
    values: Vec<f64>,
    n_features: usize,
    has_slices: bool,
}

impl Rows for Numbers {
    fn n_rows(&self) -> usize {
        self.values.len() / self.n_features
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        Cell::of_array(self.values[row * self.n_features + feature])
    }

    fn slices<'r>(&'r self, rows: Range<usize>, slices: &mut [&'r [f64]]) -> bool {
        for (slice, row) in slices.iter_mut().zip(rows) {
            *slice = &self.values[row * self.n_features..][..self.n_features];
        }
        self.has_slices
    }
}

/// The outcome of each row: the bits of its prediction, or its error.
type Outcomes = Vec<Result<Vec<u64>, Error>>;

fn outcomes(model: &Model, rows: &dyn Rows, on_refusal: OnRefusal) -> Result<Outcomes, Error> {
    let mut scratch = Scratch::new(model.scratch_layout()).unwrap();
    let mut outcomes = Vec::new();
    let mut sink = Each::new(|row: usize, prediction: Result<Prediction<'_>, Error>| {
        assert_eq!(row, outcomes.len());
        outcomes.push(prediction.map(|prediction| bits(&prediction)));
    });
    let predicted = model.predict_rows(&mut scratch, rows, on_refusal, &mut sink);
    assert!(predicted.is_ok() || outcomes.is_empty(), "a batch that fails predicts nothing");
    predicted.map(|()| outcomes)
}

#[test]
fn a_bad_value_at_any_place_of_a_batch_is_refused_there_and_changes_no_other_row() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundles/v2/wdbc.nomo");
    let mut model = Model::open_file(path).unwrap();
    let n_features = model.schema().n_features();
    let n_rows = N_LANES + 5;
    let good: Vec<f64> =
        model.golden_cases.iter().cycle().take(n_rows).flat_map(|case| case.row.clone()).collect();
    let numbers =
        |values: &[f64], has_slices| Numbers { values: values.to_vec(), n_features, has_slices };
    let expected = outcomes(&model, &numbers(&good, false), OnRefusal::Stop).unwrap();
    for level in levels() {
        model.level = level;
        for (row, has_slices) in (0..n_rows).flat_map(|row| [(row, false), (row, true)]) {
            for feature in [0, 7, 8, n_features - 1] {
                let mut values = good.clone();
                values[row * n_features + feature] = [f64::NAN, 1e300, f64::INFINITY][row % 3];
                let rows = numbers(&values, has_slices);
                let refused = outcomes(&model, &rows, OnRefusal::Stop).unwrap_err();
                let path: Vec<Place> = refused.path().collect();
                assert!(path.contains(&Place::Row(row)), "{path:?}");
                assert!(path.contains(&Place::Feature(feature)), "{path:?}");
                let found = outcomes(&model, &rows, OnRefusal::GoOn).unwrap();
                for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    match found {
                        Ok(_) => assert!(at != row && found == expected, "{at}"),
                        Err(error) => assert!(at == row && *error == refused, "{at}: {error}"),
                    }
                }
                assert_eq!(found.len(), n_rows);
            }
        }
    }
}

#[test]
fn blocks_are_counted_as_their_rows_with_any_vector_instructions() {
    let mut n_counted = 0;
    for path in bundle_files() {
        let mut model = Model::open_file(&path).unwrap();
        let Some(profile) = model.profile() else { continue };
        let n_cells = profile.layout(model.schema().rules().len()).n_cells();
        let n_features = model.schema().n_features();
        let mut values: Vec<f64> =
            model.golden_cases.iter().flat_map(|case| case.row.clone()).collect();
        values.extend(values.clone());
        // Some values that policies change or refuse.
        for (nth, value) in values.iter_mut().enumerate().skip(3 * n_features) {
            match nth % 41 {
                7 => *value = f64::NAN,
                19 => *value = 1e9,
                _ => {}
            }
        }
        let mut count = |rows: &mut dyn Iterator<Item = &[f64]>, level| {
            model.level = level;
            let mut scratch = Scratch::new(model.scratch_layout()).unwrap();
            scratch.count_in(alloc::vec![0; n_cells]);
            for values in rows {
                let rows = Numbers { values: values.to_vec(), n_features, has_slices: false };
                let sink = &mut Each::new(|_: usize, _: Result<Prediction<'_>, Error>| {});
                model.predict_rows(&mut scratch, &rows, OnRefusal::GoOn, sink).unwrap();
            }
            scratch.stop_counting()
        };
        for level in levels() {
            let expected = count(&mut values.chunks(n_features), level);
            let found = count(&mut core::iter::once(&values[..]), level);
            assert!(found == expected, "{}, {level:?}", path.display());
            n_counted += 1;
        }
    }
    assert!(n_counted > 0);
}
