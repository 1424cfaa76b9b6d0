//! What a model predicts: members, with the steps before each.

use nomogram::{Member, Step};

/// The members of a model.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) parts: Vec<Part>,
    /// The names of the classes; none for a value.
    pub(super) classes: Option<Vec<String>>,
    /// Members vote for their most probable class.
    pub(super) is_hard: bool,
    pub(super) notes: Vec<String>,
}

/// A member, and the steps of the row that it reads.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) steps: Vec<Step>,
    pub(super) member: Member,
    pub(super) weight: f64,
    pub(super) leaf_numbers: Option<Vec<Vec<u32>>>,
}

impl Outcome {
    /// The outcome of one member.
    pub(super) fn of_part(part: Part, classes: Option<Vec<String>>) -> Self {
        Self { parts: vec![part], classes, is_hard: false, notes: Vec::new() }
    }
}
