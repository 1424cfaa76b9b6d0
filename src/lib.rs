//! Embedded inference of clinical risk models, from one sealed file, with the same bits everywhere.
//!
//! A *bundle* holds a trained model and the proof that it predicts as it did when it was sealed.
//! [`Model::open`] checks that proof; a [`Session`] then turns rows of measurements into
//! probabilities, without allocating and without a way to fail after the row was checked.
//!
//! ```
//! use nomogram::{Model, Session};
//! # fn main() -> Result<(), nomogram::Error> {
//! # let bytes = nomogram_testkit::bundle_of_three_members();
//! let model = Model::open(&bytes)?; // or Model::open_file("wdbc.nomo")
//! let mut session = Session::new(model.into());
//! let prediction = session.predict_row(&[17.99, 10.38, 122.8])?;
//! println!("{:?} {:?}", prediction.class(), prediction.probabilities());
//! # Ok(())
//! # }
//! ```
//!
//! A message of an [`Error`] never contains a value of a row, so it may be logged: it names the place, the
//! feature, what kind of value was refused and what was expected.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

// Modules are in layers, lowest first: a module uses only layers above its own in this list. A layer
// is a block between blank lines, here and in every file that declares modules;
// tests/integration/architecture.rs enforces it.
mod error;
mod lanes;
pub mod numeric;

mod budget;
mod memory;

mod codec;
mod domain;

mod schema;

mod intake;
mod link;
mod uncertainty;

mod member;
mod pipeline;
mod prediction;

mod ensemble;
mod explanation;
mod profile;
mod scratch;

mod bundle;

mod trust;

mod model;

mod monitor;
mod seal;

mod session;

mod explainer;

#[cfg(feature = "ffi")]
#[allow(unsafe_code)]
pub mod ffi;

pub use bundle::{
    Digest, InvalidDigest, Limits, MAX_GOLDEN_CASES, MAX_SIGNATURES, MIN_GOLDEN_CASES, Manifest,
    Parts, Signature, add_signature, signatures, strip_signatures,
};
pub use ensemble::{CalibrationMap, Calibrator, Combiner, CombinerReads, Cutoff, EnsembleMember};
pub use error::{Error, ErrorClass, ErrorKind, IntoDetail, Place};
pub use explainer::{Attribution, Explained, Explainer, Flavour, Method, Request, Scale};
pub use explanation::{Explanation, FeatureGroup, ForestShares};
pub use intake::{Flags, Intake, Value};
pub use link::Link;
pub use member::{
    Activation, Aggregate, BatchNormalization, Comparison, Forest, Kernel, Layer, Likelihood,
    Linear, LinearForest, LinearSingle, Member, Metric, NaiveBayes, NeighbourTargets,
    NeighbourWeight, Neighbours, Network, Node, Points, PointsItem, PointsScore, PointsTotal,
    Precision, Side, StoredRows, SupportVectors, Tie, Tree,
};
pub use model::{Model, OnRefusal};
pub use monitor::Monitor;
pub use pipeline::{
    Binner, Branch, Clip, Curve, Curves, Derivation, Derive, ImputeStatistic, Imputer, Inputs,
    LevelEncoder, Log1p, MarkMissing, MinMaxScaler, OneHotEncoder, Polynomial, Projection,
    RobustScaler, Select, SignedPower, Spline, StandardScaler, Step, YeoJohnson,
};
pub use prediction::Prediction;
pub use profile::{
    Bins, CounterLayout, FeatureCells, Histogram, MAX_BINS, N_REASONS, N_STATUSES, OutputCells,
    Profile, REASONS, Statuses,
};
pub use schema::{
    Action, Condition, Feature, FeatureKind, MissingReason, Policy, Quantity, Range, Rule,
    RuleAction, Schema, Target, Unit,
};
pub use seal::{seal, unseal};
pub use session::{Column, Session};
pub use trust::{Requirement, Trust, TrustedKey};
pub use uncertainty::{
    Ambiguity, Difficulty, Distance, Furthest, Interval, Ranks, Referral, Scores, Spread,
    Uncertain, Uncertainty, VennAbers, Verdict,
};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
