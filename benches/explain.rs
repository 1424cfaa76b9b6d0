//! Explaining one row of a forest, beside predicting it.
//!
//! `cargo bench --bench explain`. The ratios of path-dependent values to a prediction come first: one call
//! after the other, so that other programs slow both, and the fastest of many rounds.

#![allow(missing_docs, reason = "criterion's macros make items without docs")]
#![allow(clippy::panic, reason = "a bench without its bundle must stop")]
#![allow(clippy::print_stdout, reason = "the ratios are its result")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use nomogram::{Explained, Explainer, Method, Model, Request, Session};
use nomogram_testkit::shapes::{self, Shape};

/// Rounds of [`print_ratio`], and calls in each.
const ROUNDS: usize = 400;
const CALLS: usize = 50;

fn explainer(model: &Arc<Model>, explained: Explained, method: Method) -> Explainer {
    let request = Request { explained, method };
    Explainer::new(Arc::clone(model), request).unwrap_or_else(|error| panic!("{error}"))
}

/// How long several calls take.
fn elapsed(mut call: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..CALLS).for_each(|_| call());
    start.elapsed()
}

fn print_ratio(shape: &Shape, model: &Arc<Model>, row: &[f64]) {
    let mut session = Session::new(Arc::clone(model));
    let mut explainer = explainer(model, Explained::Member(0), Method::PathDependent);
    let (mut predicting, mut explaining) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        predicting = predicting.min(elapsed(|| {
            let _ = black_box(session.predict_row(black_box(row)).map(|p| p.class()));
        }));
        explaining = explaining.min(elapsed(|| {
            let _ = black_box(explainer.explain_row(black_box(row)).map(|e| e.values().len()));
        }));
    }
    let ratio = explaining.as_secs_f64() / predicting.as_secs_f64();
    println!("{}: explaining by path takes {ratio:.1} times as long as predicting", shape.name);
}

fn explain(criterion: &mut Criterion) {
    for shape in shapes::explained_forests() {
        let model = Model::open(&shape.bundle).unwrap_or_else(|error| panic!("{error}"));
        let model = Arc::new(model);
        let rows = shape.rows(1, 0.0);
        let row = rows.as_slice().unwrap_or_default();
        print_ratio(&shape, &model, row);
        let mut group = criterion.benchmark_group(format!("explain, {}", shape.name));
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
            let mut explainer = explainer(&model, explained, method);
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    explainer.explain_row(black_box(row)).map(|e| e.values().first().copied())
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, explain);
criterion_main!(benches);
