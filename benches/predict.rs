//! Opening a bundle and predicting with it: one row, and rows by the batch.
//!
//! `cargo bench`. The first three use the reference model (tests/data/bundles/v2/wdbc.nomo): logistic
//! regression, 200 trees of depth 3 and a 64-32 network over 30 features. The others use a made-up model
//! for each kernel.

#![allow(missing_docs, reason = "criterion's macros make items without docs")]
#![allow(clippy::panic, reason = "a bench without its bundle must stop")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Bencher, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2};
use nomogram::{Model, Session};
use nomogram_testkit::shapes;

const BUNDLE: &[u8] = include_bytes!("../tests/data/bundles/v2/wdbc.nomo");
const N_ROWS: usize = 10_000;

fn model() -> Arc<Model> {
    open_model(BUNDLE)
}

fn open_model(bundle: &[u8]) -> Arc<Model> {
    Arc::new(Model::open(bundle).unwrap_or_else(|error| panic!("{error}")))
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
    group.bench_function("10,000 rows", |bencher| batch_of(bencher, &model(), rows.view()));
    group.finish();
}

/// The kernels one by one: a single row, and a batch in which a share of the values is missing.
fn shapes(criterion: &mut Criterion) {
    for shape in shapes::shapes() {
        let model = open_model(&shape.bundle);
        let mut group = criterion.benchmark_group(shape.name);
        group.sample_size(10);
        let row = shape.rows(1, 0.0);
        let mut session = Session::new(Arc::clone(&model));
        group.bench_function("one row", |bencher| {
            let row = row.as_slice().unwrap_or_default();
            bencher.iter(|| session.predict_row(black_box(row)).map(|p| p.class()));
        });
        group.throughput(Throughput::Elements(N_ROWS as u64));
        for (name, missing) in [("10,000 rows", 0.0), ("10,000 rows, 2% missing", 0.02)] {
            let rows = shape.rows(N_ROWS, missing);
            group.bench_function(name, |bencher| batch_of(bencher, &model, rows.view()));
        }
        group.finish();
    }
}

fn batch_of(bencher: &mut Bencher<'_>, model: &Arc<Model>, rows: ArrayView2<'_, f64>) {
    let new = || (Session::new(Arc::clone(model)), Array2::zeros((rows.nrows(), 2)));
    bencher.iter_batched_ref(
        new,
        |(session, out)| session.predict_into(rows, out.view_mut()),
        BatchSize::LargeInput,
    );
}

criterion_group!(benches, open, one_row, batch, shapes);
criterion_main!(benches);
