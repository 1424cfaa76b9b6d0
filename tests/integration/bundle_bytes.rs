//! Bytes that are not a valid bundle: all are refused with a place, none panics.

use nomogram::{
    ErrorKind, Forest, Inputs, Limits, Linear, Link, Member, Model, Node, Parts, Side,
    StandardScaler, Step, Tree, seal,
};
use nomogram_testkit::{
    bundle_of_three_members, golden_rows, reseal, three_members, with_section, without_answers,
};
use proptest::prelude::*;

/// Section numbers of the format.
const MEMBERS: u32 = 4;
const GOLDEN_CASES: u32 = 6;
const CARD: u32 = 9;

#[test]
fn every_truncated_length_is_refused() {
    let bytes = bundle_of_three_members();
    for length in 0..bytes.len() {
        let error = Model::open(&bytes[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated, "length {length}: {error}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut bytes = bundle_of_three_members();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            bytes[index] ^= 1 << bit;
            let refused = Model::open(&bytes);
            assert!(refused.is_err(), "byte {index}, bit {bit}");
            bytes[index] ^= 1 << bit;
        }
    }
    assert!(Model::open(&bytes).is_ok());
}

#[test]
fn a_flipped_byte_of_a_payload_names_its_section() {
    let mut bytes = bundle_of_three_members();
    *bytes.last_mut().unwrap() ^= 1;
    let error = Model::open(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch);
    assert!(error.to_string().starts_with("section `golden answers`: byte offset "), "{error}");
}

#[test]
fn a_golden_case_that_does_not_reproduce_is_refused_with_its_number() {
    // The last eight bytes are the last probability of the last member of the last case.
    let forged = reseal(&bundle_of_three_members(), GOLDEN_CASES, |payload| {
        let low_byte = payload.len() - 8;
        payload[low_byte] ^= 1;
    });
    let error = Model::open(&forged).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::GoldenCase);
    let start = "golden case 16: the outputs of a member are not as sealed";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn a_model_that_predicts_other_bits_is_refused_by_its_golden_cases() {
    // The payload ends with the weights of the network's last layer.
    let forged = reseal(&bundle_of_three_members(), MEMBERS, |payload| {
        let last = payload.len() - 8;
        payload[last..].copy_from_slice(&(-1.5_f64).to_le_bytes());
    });
    assert_eq!(Model::open(&forged).unwrap_err().kind(), ErrorKind::GoldenCase);
}

#[test]
fn bytes_left_over_in_a_section_are_refused() {
    let forged = reseal(&bundle_of_three_members(), MEMBERS, |payload| payload.push(0));
    let error = Model::open(&forged).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Payload);
    assert!(error.to_string().starts_with("section `members`: 1 bytes after the end"), "{error}");
}

#[test]
fn a_false_length_is_refused_before_it_is_allocated() {
    // The first eight bytes are the number of members, the next eight the length of a name.
    for offset in [0, 8] {
        let forged = reseal(&bundle_of_three_members(), MEMBERS, |payload| {
            payload[offset..offset + 8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
        });
        assert_eq!(Model::open(&forged).unwrap_err().kind(), ErrorKind::Payload, "{offset}");
    }
}

/// The parts of the test model with one member replaced.
fn with_member(index: usize, member: Member) -> Parts {
    let mut parts = three_members();
    parts.members[index].member = member;
    parts
}

#[test]
fn a_tree_whose_branches_meet_again_is_refused_before_it_is_laid_out() {
    // Laid out, 60 levels of `left == right` would be 2^60 nodes.
    let mut nodes: Vec<Node> = (1..61)
        .map(|next| Node::Split {
            input: 0,
            threshold: 0.0,
            left: next,
            right: next,
            default_child: Side::Left,
        })
        .collect();
    nodes.push(Node::Leaf { leaf: 0 });
    let trees = vec![Tree { margin: Some(0), nodes, leaves: vec![0.0] }];
    let error = Forest::new(Link::Logit, 3, vec![0.0], trees).unwrap_err();
    assert_eq!(error.to_string(), "tree 1: node 1: right child 2 has two parents");
    // The same by way of bytes: the root's right child becomes its left one.
    let forged = reseal(&bundle_of_three_members(), MEMBERS, |payload| {
        let threshold = 15.0_f64.to_le_bytes();
        let at = payload.windows(8).position(|bytes| bytes == threshold).unwrap();
        payload.copy_within(at + 8..at + 12, at + 12);
    });
    let error = Model::open(&forged).unwrap_err().to_string();
    let expected = "member 2: `forest`: tree 1: node 1: right child 2 has two parents";
    assert_eq!(error, expected);
}

#[test]
fn a_model_that_could_overflow_is_refused_even_behind_a_weight_of_zero() {
    let mut parts =
        with_member(0, Member::Linear(Linear::new(Link::Logit, vec![0.0], vec![0.0; 3]).unwrap()));
    let scaler = StandardScaler::new(Inputs::all(3), vec![0.0; 3], vec![1e-300; 3]).unwrap();
    parts.branches[1].steps = vec![Step::StandardScale(scaler)];
    let error = seal(&parts, golden_rows().view()).unwrap_err();
    let start = "branch 2: `scaled`: step 1: input 1: its parameters are so large that a result could pass 1e300";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn a_bundle_above_the_limit_is_refused() {
    let bytes = bundle_of_three_members();
    let max_bytes = bytes.len() as u64 - 1;
    let error = Model::open_with(&bytes, &Limits { max_bytes, ..Limits::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn names_that_look_alike_are_not_sealed() {
    let mut parts = three_members();
    parts.members[0].name = "linear ".into();
    let error = seal(&parts, golden_rows().view()).unwrap_err();
    let expected = "member 1: the name \"linear \" begins or ends with white space";
    assert_eq!(error.to_string(), expected);
    // The first name of the members has six bytes. A bundle that was sealed before opens: it has no
    // golden answers, which prove names.
    let earlier = without_answers(&bundle_of_three_members());
    let named = |name: &str| {
        reseal(&earlier, MEMBERS, |payload| {
            payload[16..22].copy_from_slice(name.as_bytes());
        })
    };
    assert!(Model::open(&named("lin\u{200b}")).is_ok());
    assert!(Model::open(&named("linear")).is_ok());
    let error = Model::open(&named("lin\u{202e}")).unwrap_err().to_string();
    assert_eq!(error, "member 1: the name \"lin\\u{202e}\" holds a mark of direction");
}

#[test]
fn a_model_card_cannot_move_the_cursor_of_a_terminal() {
    let opened = |card: &str| {
        let payload = [&(card.len() as u64).to_le_bytes()[..], card.as_bytes()].concat();
        Model::open(&with_section(&bundle_of_three_members(), CARD, false, &payload))
    };
    assert_eq!(opened("# Risk\n\tof death\r\n").unwrap().card(), Some("# Risk\n\tof death\r\n"));
    let error = opened("# Risk\u{1b}[2J").unwrap_err().to_string();
    let expected = "section `model card`: holds '\\u{1b}', expected printable text";
    assert_eq!(error, expected);
}

#[test]
fn files_are_refused_with_their_path() {
    let missing = Model::open_file("no/such/bundle.nomo").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::FileNotFound);
    assert!(missing.to_string().starts_with("`no/such/bundle.nomo`: "), "{missing}");
    let folder = Model::open_file(env!("CARGO_MANIFEST_DIR")).unwrap_err();
    assert_eq!(folder.kind(), ErrorKind::FileRead, "{folder}");
    let text = Model::open_file(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap_err();
    assert_eq!(text.kind(), ErrorKind::Magic, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// An attacker can make the digests right; opening must still end with an answer.
    #[test]
    fn mutated_payloads_with_right_digests_never_panic(
        section in 1_u32..=6,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let forged = reseal(&bundle_of_three_members(), section, |payload| {
            for (index, byte) in &edits {
                let index = index.index(payload.len());
                payload[index] = *byte;
            }
            if let Some(cut) = &cut {
                payload.truncate(cut.index(payload.len()));
            }
        });
        if let Ok(model) = Model::open(&forged) {
            let row = vec![1.0; model.schema().n_features()];
            let mut session = nomogram::Session::new(model.into());
            let prediction = session.predict_row(&row).unwrap();
            prop_assert!(prediction.probabilities().iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Model::open(&bytes).is_err());
        let with_magic = [b"\x89NOMO\r\n\x1a\x01\0\0\0".as_slice(), &bytes].concat();
        prop_assert!(Model::open(&with_magic).is_err());
    }
}
