use super::reader::Reader;
use super::*;
use alloc::string::ToString;
use alloc::vec;

fn sealed() -> Vec<u8> {
    sealed_with(SectionKind::Schema)
}

fn sealed_with(second: SectionKind) -> Vec<u8> {
    to_bytes(&[(SectionKind::Manifest, vec![1; 5]), (second, vec![2; 9])])
}

fn refused(bytes: &[u8]) -> Error {
    Container::from_bytes(bytes, &Limits::default(), &mut Budget::unlimited()).unwrap_err()
}

/// The same file with `bytes` at `offset`, and with the right digest of its table.
fn forged(offset: usize, bytes: &[u8]) -> Vec<u8> {
    forge(sealed(), offset, bytes)
}

fn forge(mut file: Vec<u8>, offset: usize, bytes: &[u8]) -> Vec<u8> {
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    let mut reader = Reader { bytes: &file, offset: HEADER_LEN };
    let n_sections = u32::from_le_bytes(file[12..16].try_into().unwrap()).min(2);
    let entries: Vec<Entry> = (0..n_sections).map(|_| Entry::read(&mut reader).unwrap()).collect();
    let format = u32::from_le_bytes(file[8..12].try_into().unwrap());
    let digest = digest(format, &entries);
    file[24..56].copy_from_slice(digest.as_bytes());
    file
}

#[test]
fn sections_come_back_as_they_were() {
    let bytes = sealed();
    let container =
        Container::from_bytes(&bytes, &Limits::default(), &mut Budget::unlimited()).unwrap();
    assert_eq!(container.payload(SectionKind::Manifest), Some(&[1; 5][..]));
    assert_eq!(container.payload(SectionKind::Schema), Some(&[2; 9][..]));
    assert_eq!(container.payload(SectionKind::Members), None);
}

#[test]
fn each_kind_of_file_that_is_no_bundle_has_its_message() {
    let cases: [(&[u8], &str); 4] = [
        (b"", "no bytes at all, expected a bundle"),
        (b"\x89NOM", "byte offset 4: ends within the magic"),
        (
            b"row_id,diagnosis",
            "byte offset 0: not a bundle: a bundle begins with 89 4E 4F 4D 4F 0D 0A 1A",
        ),
        (
            b"\x89NOMO\n\x1a....",
            "byte offset 5: line ends were changed, as by a transfer in text mode",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(refused(bytes).to_string(), message);
    }
}

#[test]
fn a_table_whose_sections_do_not_fill_the_file_is_refused() {
    let offset_of_second = HEADER_LEN + ENTRY_LEN + 8;
    let length_of_second = offset_of_second + 8;
    let kind_of_second = HEADER_LEN + ENTRY_LEN;
    let cases: [(usize, &[u8], &str); 6] = [
        (
            12,
            &u32::MAX.to_le_bytes(),
            "byte offset 12: 4294967295 sections, expected at most 2, which fit into the file",
        ),
        (12, &1_u32.to_le_bytes(), "byte offset 56: section at offset 168, expected 112"),
        (
            offset_of_second,
            &172_u64.to_le_bytes(),
            "byte offset 112: section at offset 172, expected 173",
        ),
        (length_of_second, &8_u64.to_le_bytes(), "byte offset 181: 1 bytes belong to no section"),
        (
            length_of_second,
            &u64::MAX.to_le_bytes(),
            "byte offset 112: section of 18446744073709551615 bytes, which exceeds the file",
        ),
        (
            kind_of_second,
            &1_u32.to_le_bytes(),
            "byte offset 112: section kind 1 after 1, expected ascending kinds",
        ),
    ];
    for (offset, bytes, message) in cases {
        let error = refused(&forged(offset, bytes));
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::SectionTable, message));
    }
}

#[test]
fn an_unknown_section_is_skipped_when_optional_and_refused_when_critical() {
    let kind_of_second = HEADER_LEN + ENTRY_LEN;
    let error = refused(&forged(kind_of_second, &99_u32.to_le_bytes()));
    assert_eq!(error.to_string(), "section kind 99: critical, but unknown to this version");

    let optional = [99_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat();
    let bytes = forged(kind_of_second, &optional);
    let container =
        Container::from_bytes(&bytes, &Limits::default(), &mut Budget::unlimited()).unwrap();
    assert_eq!(container.payload(SectionKind::Manifest), Some(&[1; 5][..]));

    // A section kind of format 2 is unknown in format 1, and must not be skipped in silence.
    let cutoffs = sealed_with(SectionKind::Cutoffs);
    assert!(Container::from_bytes(&cutoffs, &Limits::default(), &mut Budget::unlimited()).is_ok());
    let error = refused(&forge(cutoffs, 8, &1_u32.to_le_bytes()));
    assert_eq!(error.to_string(), "section kind 8: critical, but unknown to this version");

    let flags = forged(kind_of_second + 4, &3_u32.to_le_bytes());
    assert_eq!(refused(&flags).to_string(), "section kind 2: unknown flags 0x3");
}

#[test]
fn a_newer_format_is_refused_with_the_formats_that_are_read() {
    let error = refused(&forged(8, &3_u32.to_le_bytes()));
    assert_eq!(error.kind(), ErrorKind::NewerFormat);
    assert_eq!(error.to_string(), "format 3, expected 1 to 2, which this version reads");
    assert_eq!(refused(&forged(8, &0_u32.to_le_bytes())).kind(), ErrorKind::SectionTable);
}

#[test]
fn a_bundle_above_the_limit_is_refused() {
    let opened_within = |max_bytes| {
        let limits = Limits { max_bytes, ..Limits::default() };
        Container::from_bytes(&sealed(), &limits, &mut Budget::unlimited()).map(drop)
    };
    let error = opened_within(181).unwrap_err();
    assert_eq!(error.to_string(), "182 bytes, expected at most 181");
    assert!(opened_within(182).is_ok());
}

#[test]
fn every_flipped_bit_and_every_length_is_refused() {
    let bytes = sealed();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1 << bit;
            assert!(
                Container::from_bytes(&flipped, &Limits::default(), &mut Budget::unlimited())
                    .is_err(),
                "{index}:{bit}"
            );
        }
        assert!(
            Container::from_bytes(&bytes[..index], &Limits::default(), &mut Budget::unlimited())
                .is_err(),
            "{index}"
        );
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(
        refused(&longer).to_string(),
        "byte offset 182: 1 bytes follow the end of the bundle"
    );
}

#[test]
fn signatures_do_not_change_the_digest_and_come_off_again() {
    let unsigned =
        to_bytes(&[(SectionKind::Manifest, vec![1; 5]), (SectionKind::Profile, vec![2; 9])]);
    let open = |bytes: &[u8]| {
        let container = Container::from_bytes(bytes, &Limits::default(), &mut Budget::unlimited());
        let container = container.unwrap();
        (container.digest(), container.payload(SectionKind::Signatures).map(<[u8]>::to_vec))
    };
    let signed = replace_signatures(&unsigned, Some(vec![3; 7])).unwrap();
    assert_eq!(open(&signed), (open(&unsigned).0, Some(vec![3; 7])));
    let signed_again = replace_signatures(&signed, Some(vec![4; 1])).unwrap();
    assert_eq!(open(&signed_again), (open(&unsigned).0, Some(vec![4; 1])));
    assert_eq!(replace_signatures(&signed_again, None).unwrap(), unsigned);
    assert_eq!(replace_signatures(&unsigned, None).unwrap(), unsigned);
    for index in 0..signed.len() {
        for bit in 0..8 {
            let mut flipped = signed.clone();
            flipped[index] ^= 1 << bit;
            let opened =
                Container::from_bytes(&flipped, &Limits::default(), &mut Budget::unlimited());
            assert!(opened.is_err(), "{index}:{bit}");
        }
    }
}

#[test]
fn sections_of_later_versions_are_kept_when_signatures_are_replaced() {
    let kind_of_second = HEADER_LEN + ENTRY_LEN;
    let optional = [99_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat();
    let unsigned = forged(kind_of_second, &optional);
    let signed = replace_signatures(&unsigned, Some(vec![3; 7])).unwrap();
    assert_eq!(replace_signatures(&signed, None).unwrap(), unsigned);
}

#[test]
fn a_bundle_of_format_1_cannot_be_signed() {
    let old = forge(sealed(), 8, &1_u32.to_le_bytes());
    assert_eq!(
        replace_signatures(&old, Some(vec![3])).unwrap_err().kind(),
        ErrorKind::SectionTable
    );
}
