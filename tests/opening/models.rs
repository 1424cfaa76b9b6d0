//! Models of one boolean, with sections of the caller.

use nomogram_testkit::{bundle_of_three_members, reseal, without_answers};

use crate::payload::Payload;

/// The bundle that the others are made from.
pub(crate) fn small() -> Vec<u8> {
    without_answers(&bundle_of_three_members())
}

pub(crate) fn payload() -> Payload {
    Payload::default()
}

/// A boolean, whose policy refuses every other value.
pub(crate) fn boolean(payload: Payload, name: &str) -> Payload {
    let payload = payload.text(name).word(2).byte(0).long(0).byte(0);
    (0..7).fold(payload, |payload, _| payload.word(0))
}

/// A schema of one boolean and two classes.
pub(crate) fn schema() -> Payload {
    target(boolean(payload().long(1), "smoker").long(0))
}

pub(crate) fn target(payload: Payload) -> Payload {
    payload.word(0).text("outcome").long(2).text("no").text("yes")
}

/// Cases of the boolean that fit `n_members`; their bits are not those of any model.
pub(crate) fn golden_cases(n_cases: usize, n_members: usize) -> Payload {
    payload().list(n_cases, |payload, _| {
        payload.numbers(1.0, 1).long(1).byte(0).numbers(0.5, 2).numbers(0.5, 2 * n_members)
    })
}

/// One branch that is the row.
pub(crate) fn row() -> Payload {
    payload().list(1, |payload, index| payload.branch(index, None, 0))
}

/// One forest of one tree, which reads `n_inputs`.
pub(crate) fn one_member(n_inputs: u32) -> Payload {
    payload()
        .long(1)
        .member(0)
        .forest(n_inputs)
        .long(1)
        .byte(1)
        .word(0)
        .long(1)
        .leaf(0)
        .numbers(0.0, 1)
}

pub(crate) const N_SECTIONS: usize = 6;

/// A bundle of these sections: schema, pipeline, members, combiner, golden cases. Others are those of a
/// small model.
pub(crate) fn bundle(sections: [(u32, Option<Payload>); 5]) -> Vec<u8> {
    sections.into_iter().fold(small(), |bundle, (kind, payload)| match payload {
        Some(Payload(bytes)) => reseal(&bundle, kind, |payload| *payload = bytes),
        None => bundle,
    })
}

/// A model of one boolean with this pipeline, and members that read its first branch.
pub(crate) fn with(pipeline: Payload, members: Payload, n_members: usize) -> Vec<u8> {
    bundle([
        (2, Some(schema())),
        (3, Some(pipeline)),
        (4, Some(members)),
        (5, Some(payload().word(0).numbers(1.0, n_members))),
        (6, Some(golden_cases(16, n_members))),
    ])
}

/// [`with`] another schema.
pub(crate) fn with_schema(schema: Payload) -> Vec<u8> {
    let bundle = with(row(), one_member(1), 1);
    reseal(&bundle, 2, |payload| *payload = schema.0)
}

/// [`with`] one forest of these trees.
pub(crate) fn with_trees(n_trees: usize, tree: impl Fn(Payload) -> Payload) -> Vec<u8> {
    let members = payload().long(1).member(0).forest(1);
    with(row(), members.list(n_trees, |payload, _| tree(payload.byte(1).word(0))), 1)
}
