//! Small models for tests: valid parts, and the bundles that they seal to.

mod profile;

pub mod corpus;
mod every_kind;
mod explained;
mod policies;
mod sections;
pub mod shapes;
mod table;
mod targets;

use std::collections::BTreeMap;

use ndarray::Array2;
use nomogram::{
    Activation, Branch, Combiner, Digest, EnsembleMember, Feature, Forest, Inputs, Layer, Linear,
    Link, MIN_GOLDEN_CASES, Manifest, Member, Network, Node, Parts, Schema, Side, Signature,
    StandardScaler, Step, Target, Tree, add_signature, seal, signatures,
};

pub use every_kind::bundle_of_every_kind;
pub use explained::{explained, explained_bundle};
pub use policies::{bundle_of_policies, policies};
pub use profile::{bundle_with_profile, profile_of, usual_row};
pub use sections::{payload, reseal, with_section, with_sections_of, without_answers};
pub use table::{bundle_of_number, bundle_of_table, table};
pub use targets::{bundle_of_a_number, bundle_of_three_classes};

/// A number that no section has.
const NO_SECTION: u32 = 0x7fff;
/// The number of the section with the golden cases.
const GOLDEN_CASES: u32 = 6;

/// Every bundle that the C programs in `tests/c` open, with the name of its file.
#[must_use]
pub fn bundles() -> Vec<(&'static str, Vec<u8>)> {
    let good = bundle_of_three_members();
    // The last bytes of the last case are the bits of a member's output.
    let flip_last_bit = |payload: &mut Vec<u8>| {
        let last = payload.len() - 8;
        payload.iter_mut().skip(last).take(1).for_each(|byte| *byte ^= 1);
    };
    vec![
        ("policies.nomo", bundle_of_policies()),
        ("explained.nomo", explained_bundle()),
        ("number.nomo", bundle_of_a_number()),
        ("three_classes.nomo", bundle_of_three_classes()),
        ("wrong_golden.nomo", reseal(&good, GOLDEN_CASES, flip_last_bit)),
        ("newer_optional.nomo", with_section(&good, NO_SECTION, false, b"later")),
        ("newer_critical.nomo", with_section(&good, NO_SECTION, true, b"later")),
        ("signed.nomo", signed(&good, &good)),
        ("replayed.nomo", signed(&good, &bundle_of_a_number())),
        ("three_members.nomo", good),
    ]
}

/// A bundle with the signature of another one, made by the key of RFC 8032, section 7.1, test 2, as reviewer at second
/// 1000 until second 2000.
#[must_use]
pub fn signed(bundle: &[u8], other: &[u8]) -> Vec<u8> {
    use ed25519_dalek::{Signer, SigningKey};
    let secret = [
        0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e,
        0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8,
        0xa6, 0xfb,
    ];
    let key = SigningKey::from_bytes(&secret);
    let key_id = Digest::of(key.verifying_key().as_bytes());
    let (digest, _) = valid(signatures(other));
    let (role, from, until) = ("reviewer", 1000, Some(2000));
    let message = valid(Signature::message(&digest, &key_id, role, from, until));
    let bytes = key.sign(&message).to_bytes();
    valid(add_signature(bundle, Signature::new(key_id, role.into(), from, until, &bytes)))
}

/// The parts of a model with one member of each kind, three features and two classes.
///
/// The linear member and the network read scaled values, the forest raw ones.
#[must_use]
pub fn three_members() -> Parts {
    valid(parts_of_three_members())
}

/// [`three_members`], sealed with [`golden_rows`].
#[must_use]
pub fn bundle_of_three_members() -> Vec<u8> {
    valid(seal(&three_members(), golden_rows().view()))
}

/// As many rows as a bundle needs at least, of plausible size for [`three_members`].
#[must_use]
pub fn golden_rows() -> Array2<f64> {
    let mut rows = Array2::zeros((MIN_GOLDEN_CASES, 3));
    for (step, mut row) in (0_u32..).zip(rows.rows_mut()) {
        for (value, typical) in row.iter_mut().zip([14.0, 19.0, 92.0]) {
            *value = typical * (0.5 + f64::from(step * 7) / 100.0);
        }
    }
    rows
}

fn parts_of_three_members() -> Result<Parts, nomogram::Error> {
    let scaler = StandardScaler::new(Inputs::all(3), vec![14.1, 19.2, 91.9], vec![3.5, 4.3, 24.3])?;
    Ok(Parts {
        manifest: manifest("three members", "1"),
        schema: Schema::new(
            [("radius", Some("um")), ("texture", Some("1")), ("perimeter", None)]
                .into_iter()
                .map(|(name, unit)| Feature { unit: unit.map(Into::into), ..Feature::number(name) })
                .collect(),
            Target::of_classes("diagnosis", ["B", "M"]),
        )?,
        branches: vec![branch("raw", vec![]), branch("scaled", vec![Step::StandardScale(scaler)])],
        members: vec![
            member("linear", 1, Member::Linear(linear()?)),
            member("forest", 0, Member::Forest(forest()?)),
            member("network", 1, Member::Network(network()?)),
        ],
        combiner: Combiner::SoftVote { weights: vec![1.0, 1.5, 0.5] },
        calibrator: None,
        profile: None,
        cutoffs: vec![],
        uncertainty: None,
        card: None,
        explanation: None,
    })
}

fn manifest(name: &str, version: &str) -> Manifest {
    Manifest {
        name: name.into(),
        version: version.into(),
        created_by: "nomogram-testkit".into(),
        training_data_digest: Digest::of(b"no data"),
        configuration_digest: Digest::of(b"no configuration"),
        notes: BTreeMap::from([("purpose".into(), "tests".into())]),
    }
}

fn branch(name: &str, steps: Vec<Step>) -> Branch {
    Branch { name: name.into(), source: None, steps }
}

fn member(name: &str, branch: u32, member: Member) -> EnsembleMember {
    EnsembleMember { name: name.into(), branch, member }
}

fn linear() -> Result<Linear, nomogram::Error> {
    Linear::new(Link::Logit, vec![-0.3], vec![1.25, 0.75, 1.1])
}

fn forest() -> Result<Forest, nomogram::Error> {
    let split = |input, threshold, left, right| Node::Split {
        input,
        threshold,
        left,
        right,
        default_child: Side::Left,
    };
    let leaf = |leaf| Node::Leaf { leaf };
    Forest::new(
        Link::Logit,
        3,
        vec![-0.5],
        vec![
            Tree {
                margin: Some(0),
                nodes: vec![split(0, 15.0, 1, 4), split(1, 20.0, 2, 3), leaf(0), leaf(1), leaf(2)],
                leaves: vec![-1.3, 0.2, 1.9],
            },
            Tree {
                margin: Some(0),
                nodes: vec![split(2, 100.0, 1, 2), leaf(0), leaf(1)],
                leaves: vec![-0.7, 1.1],
            },
        ],
    )
}

fn network() -> Result<Network, nomogram::Error> {
    Network::new(
        Link::Logit,
        vec![
            Layer {
                activation: Activation::Tanh,
                biases: vec![0.1, -0.2],
                weights: vec![0.5, -0.4, 0.3, 0.8, 0.9, -0.6],
            },
            Layer {
                activation: Activation::Identity,
                biases: vec![0.05],
                weights: vec![2.0, -1.0],
            },
        ],
    )
}

#[allow(clippy::panic, reason = "a fixture that does not build must stop the test at once")]
fn valid<T>(fixture: Result<T, nomogram::Error>) -> T {
    fixture.unwrap_or_else(|error| panic!("the fixture is refused: {error}"))
}
