use alloc::vec::Vec;
use std::{fs, path::Path};

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
    numbers
        .map(|number| number.to_bits())
        .chain(flags.map(|flags| u64::from(flags.bits())))
        .chain(broken)
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
    rows.model.predict_rows(&mut scratch, rows, on_refusal, &mut Each::new(sink)).unwrap();
    predicted
}

#[test]
fn batches_of_any_size_have_the_bits_of_their_rows_with_any_vector_instructions() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let files = ["corpus", "bundles/v1", "bundles/v2"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(data.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "nomo"));
    let mut n_models = 0;
    for path in files {
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
