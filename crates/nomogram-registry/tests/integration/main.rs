//! A registry as its users see it: acts of several persons, attacks, and many writers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod clinic;

mod attacks;
mod damage;
mod forgery;
mod mlflow;
mod people;
mod story;
mod writers;
