//! Payloads: what was encoded comes back, and no length is trusted.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use super::*;

#[derive(Debug, PartialEq, Serialize)]
struct Everything {
    one: String,
    many: Vec<String>,
    perhaps: Option<String>,
    by_key: BTreeMap<String, String>,
    numbers: (i32, f64),
    boxed: Box<Choice>,
    choices: Vec<Choice>,
    bytes: Vec<u8>,
    yes: bool,
}
decode_struct!(Everything { one, many, perhaps, by_key, numbers, boxed, choices, bytes, yes });

#[derive(Debug, PartialEq, Serialize)]
enum Choice {
    Plain,
    Of(u32),
    With { first: u64, second: Vec<f64> },
}
decode_enum!(Choice { Plain, Of(u32), With { first, second } });

fn everything() -> Everything {
    Everything {
        one: "créatinine".into(),
        many: vec!["".into(), "b".into()],
        perhaps: Some("c".into()),
        by_key: BTreeMap::from([("k".into(), "v".into())]),
        numbers: (-3, 0.25),
        boxed: Box::new(Choice::Of(7)),
        choices: vec![Choice::Plain, Choice::With { first: 1 << 60, second: vec![1.5] }],
        bytes: vec![1, 2, 255],
        yes: true,
    }
}

fn decoded<T: Decode>(bytes: &[u8]) -> Result<T, Error> {
    decode(bytes, &mut Budget::unlimited())
}

#[test]
fn what_was_encoded_comes_back() {
    let bytes = encode(&everything()).unwrap();
    assert_eq!(decoded::<Everything>(&bytes).unwrap(), everything());
    assert_eq!(bytes[..8], 11_u64.to_le_bytes(), "the length of a text is that of its bytes");
    assert_eq!(Everything::MIN_LEN, 8 + 8 + 1 + 8 + 12 + 4 + 8 + 8 + 1);
    for end in 0..bytes.len() {
        assert_eq!(decoded::<Everything>(&bytes[..end]).unwrap_err().kind(), ErrorKind::Payload);
    }
}

#[test]
fn a_false_length_or_number_is_refused_before_anything_is_allocated() {
    let refused = |bytes: &[u8]| decoded::<Vec<String>>(bytes).unwrap_err().to_string();
    let claim = |n: u64, n_bytes: usize| [&n.to_le_bytes()[..], &vec![0; n_bytes]].concat();
    assert_eq!(
        refused(&claim(u64::MAX, 24)),
        "18446744073709551615 items claimed, at most 3 fit in the bytes that are left"
    );
    assert_eq!(refused(&claim(4, 24)), "4 items claimed, at most 3 fit in the bytes that are left");
    assert_eq!(refused(&[1, 0, 0]), "3 bytes left, expected 8 more");
    let not_utf_8 = [1, 0, 0, 0, 0, 0, 0, 0, 0xff];
    let refused = decoded::<String>(&not_utf_8).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.to_string()),
        (ErrorKind::Payload, "a text is not UTF-8".into())
    );
    let refused = decoded::<Choice>(&[3, 0, 0, 0]).unwrap_err().to_string();
    assert_eq!(refused, "variant 3 of Choice, expected 0 to 2");
    assert!(decoded::<bool>(&[2]).is_err() && decoded::<Option<bool>>(&[2]).is_err());
    assert!(decoded::<BTreeMap<String, String>>(&claim(1001, 99_999)).is_err());
}

#[test]
fn lists_are_taken_from_the_budget() {
    let bytes = encode(&vec![vec![0.5; 3], vec![]]).unwrap();
    // Two lists of 24 bytes and three numbers, in two allocations.
    let needed = 2 * 24 + 3 * 8 + 2 * 16;
    assert!(decode::<Vec<Vec<f64>>>(&bytes, &mut Budget::new(needed, 0)).is_ok());
    let refused = decode::<Vec<Vec<f64>>>(&bytes, &mut Budget::new(needed - 1, 0));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLarge);
}
