//! Logistic regression with an L2 or L1 penalty, or both, by Newton's method.
//!
//! Minimises `Σ weight · log loss + ((1 − l1_ratio) / 2 · ‖w‖² + l1_ratio · ‖w‖₁) / C`, the objective
//! of scikit-learn's `LogisticRegression`; intercepts are not penalised. Two classes have one margin,
//! more have one each (multinomial).

// Layers, lowest first: a file uses only the blocks above its own.
mod block_sums;
mod cholesky;
mod sign;
mod slopes;
mod spec;

mod design_matrix;

mod objective;

mod coordinate_descent;
mod hessian;
mod separation;
mod tolerance;

mod preconditioner;

mod conjugate_gradient;

mod step;

mod fit;

pub(crate) use fit::fit_unpenalised;
pub use spec::LogisticRegressionSpec;
