//! Explaining one row of a forest of 100 trees of depth 3, beside predicting it: the ratio of times.
//!
//! `cargo bench --bench explain`.

#![allow(missing_docs, reason = "criterion's macros make items without docs")]
#![allow(clippy::panic, reason = "a bench without its bundle must stop")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use nomogram::{Explained, Explainer, Method, Model, Request, Session};
use nomogram_testkit::shapes;

fn explain(criterion: &mut Criterion) {
    let shape = shapes::explained_forest();
    let model = Model::open(&shape.bundle).unwrap_or_else(|error| panic!("{error}"));
    let model = Arc::new(model);
    let rows = shape.rows(1, 0.0);
    let row = rows.as_slice().unwrap_or_default();
    let mut group = criterion.benchmark_group("explain");
    group.sample_size(20);
    let mut session = Session::new(Arc::clone(&model));
    group.bench_function("predict", |bencher| {
        bencher.iter(|| session.predict_row(black_box(row)).map(|p| p.class()));
    });
    let member = Explained::Member(0);
    for (name, explained, method) in [
        ("path-dependent", member, Method::PathDependent),
        ("interventional, 32 rows", member, Method::Interventional),
        ("permutations, 32 rows", Explained::Outputs, Method::Permutations { n_pairs: 4 }),
    ] {
        let request = Request { explained, method };
        let mut explainer =
            Explainer::new(Arc::clone(&model), request).unwrap_or_else(|error| panic!("{error}"));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                explainer.explain_row(black_box(row)).map(|e| e.values().first().copied())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, explain);
criterion_main!(benches);
