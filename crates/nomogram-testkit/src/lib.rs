//! Small models for tests: valid parts, and the bundles that they seal to.

use std::collections::BTreeMap;

use ndarray::Array2;
use nomogram::{
    Activation, Branch, Combiner, Digest, EnsembleMember, Feature, FeatureKind, Forest, Layer,
    Linear, Link, MIN_GOLDEN_CASES, Manifest, Member, Network, Node, Parts, Schema, StandardScaler,
    Step, Target, Tree, seal,
};

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
    let scaler = StandardScaler::new(vec![14.1, 19.2, 91.9], vec![3.5, 4.3, 24.3])?;
    Ok(Parts {
        manifest: Manifest {
            name: "three members".into(),
            version: "1".into(),
            created_by: "nomogram-testkit".into(),
            training_data_digest: Digest::of(b"no data"),
            configuration_digest: Digest::of(b"no configuration"),
            notes: BTreeMap::from([("purpose".into(), "tests".into())]),
        },
        schema: Schema::new(
            [("radius", Some("um")), ("texture", Some("1")), ("perimeter", None)]
                .into_iter()
                .map(|(name, unit)| Feature {
                    name: name.into(),
                    kind: FeatureKind::Number,
                    unit: unit.map(Into::into),
                })
                .collect(),
            Target { name: "diagnosis".into(), classes: vec!["B".into(), "M".into()] },
        )?,
        branches: vec![
            Branch { name: "raw".into(), steps: vec![] },
            Branch { name: "scaled".into(), steps: vec![Step::StandardScale(scaler)] },
        ],
        members: vec![
            member("linear", 1, Member::Linear(linear()?)),
            member("forest", 0, Member::Forest(forest()?)),
            member("network", 1, Member::Network(network()?)),
        ],
        combiner: Combiner::SoftVote { weights: vec![1.0, 1.5, 0.5] },
    })
}

fn member(name: &str, branch: u32, member: Member) -> EnsembleMember {
    EnsembleMember { name: name.into(), branch, member }
}

fn linear() -> Result<Linear, nomogram::Error> {
    Linear::new(Link::Logit, vec![-0.3], vec![1.25, 0.75, 1.1])
}

fn forest() -> Result<Forest, nomogram::Error> {
    let split = |input, threshold, left, right| Node::Split { input, threshold, left, right };
    let leaf = |margin| Node::Leaf { margin };
    Forest::new(
        Link::Logit,
        3,
        vec![-0.5],
        vec![
            Tree {
                margin: 0,
                nodes: vec![
                    split(0, 15.0, 1, 4),
                    split(1, 20.0, 2, 3),
                    leaf(-1.3),
                    leaf(0.2),
                    leaf(1.9),
                ],
            },
            Tree { margin: 0, nodes: vec![split(2, 100.0, 1, 2), leaf(-0.7), leaf(1.1)] },
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

/// The same bundle with an edited payload and right digests: what an attacker could make.
///
/// `section` is the number of the section; `edit` may change the length of its payload.
#[must_use]
#[allow(clippy::indexing_slicing, reason = "for well-formed bundles")]
pub fn reseal(bundle: &[u8], section: u32, edit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    const HEADER: usize = 56;
    const ENTRY: usize = 56;
    let word = |at: usize| bundle[at..at + 4].try_into().map_or(0, u32::from_le_bytes);
    let long = |at: usize| {
        let value = bundle[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        usize::try_from(value).unwrap_or(usize::MAX)
    };
    let mut edit = Some(edit);
    let n_sections = word(12) as usize;
    let (mut table, mut payloads) = (Vec::new(), Vec::new());
    let mut digested = bundle[8..12].to_vec();
    for entry in (0..n_sections).map(|index| HEADER + index * ENTRY) {
        let (kind, offset, length) = (word(entry), long(entry + 8), long(entry + 16));
        let mut payload = bundle[offset..offset + length].to_vec();
        if let Some(edit) = edit.take_if(|_| kind == section) {
            edit(&mut payload);
        }
        let offset = (HEADER + n_sections * ENTRY + payloads.len()) as u64;
        let length = (payload.len() as u64).to_le_bytes();
        let sha256 = *Digest::of(&payload).as_bytes();
        let kind_and_flags = &bundle[entry..entry + 8];
        table.extend([kind_and_flags, &offset.to_le_bytes(), &length, &sha256].concat());
        digested.extend([kind_and_flags, &length, &sha256].concat());
        payloads.extend(payload);
    }
    let length = (HEADER + table.len() + payloads.len()) as u64;
    let digest = Digest::of(&digested);
    [&bundle[..16], &length.to_le_bytes(), digest.as_bytes(), &table, &payloads].concat()
}
