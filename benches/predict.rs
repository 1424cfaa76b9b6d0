//! Opening a bundle and predicting with it: one row, and rows by the batch.
//!
//! `cargo bench`. The model is the reference one (tests/data/bundles/v2/wdbc.nomo): logistic
//! regression, 200 trees of depth 3 and a 64-32 network over 30 features.

#![allow(missing_docs, reason = "criterion's macros make items without docs")]
#![allow(clippy::panic, reason = "a bench without its bundle must stop")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use nomogram::{Model, Session};

const BUNDLE: &[u8] = include_bytes!("../tests/data/bundles/v2/wdbc.nomo");
const N_ROWS: usize = 10_000;

fn model() -> Arc<Model> {
    Arc::new(Model::open(BUNDLE).unwrap_or_else(|error| panic!("{error}")))
}

/// Rows around the means of the training rows, in a fixed order.
fn rows(n_features: usize) -> Array2<f64> {
    Array2::from_shape_fn((N_ROWS, n_features), |(row, feature)| {
        let step = u32::try_from((row * 31 + feature * 17) % 101).unwrap_or(0);
        f64::from(step) / 10.0
    })
}

fn open(criterion: &mut Criterion) {
    criterion.bench_function("open", |bencher| {
        bencher.iter(|| Model::open(black_box(BUNDLE)));
    });
}

fn one_row(criterion: &mut Criterion) {
    let mut session = Session::new(model());
    let row = rows(30).row(0).to_vec();
    criterion.bench_function("one row", |bencher| {
        bencher.iter(|| session.predict_row(black_box(&row)).map(|p| p.class()));
    });
}

fn batch(criterion: &mut Criterion) {
    let rows = rows(30);
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(N_ROWS as u64)).sample_size(20);
    group.bench_function("10,000 rows", |bencher| {
        let new = || (Session::new(model()), Array2::zeros((N_ROWS, 2)));
        bencher.iter_batched_ref(
            new,
            |(session, out)| session.predict_into(rows.view(), out.view_mut()),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, open, one_row, batch);
criterion_main!(benches);
