use std::fs;
use std::path::PathBuf;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("nomogram-decisions-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn segment(&self, number: usize) -> PathBuf {
        self.0.join(format!("{number:08}.decisions"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}

fn decision(row: usize) -> Decision {
    Decision {
        time: "2026-11-28T12:00:00Z".into(),
        caller: "ward-a".into(),
        request: "r-1".into(),
        row,
        model: "sepsis".into(),
        version: "1".into(),
        digest: "d".into(),
        answer: Answer::Predicted { outputs: vec![0.25, 0.75], class: Some(1), verdict: None },
    }
}

fn written(folder: &Folder, public: &PublicKey) -> String {
    let mut head = String::new();
    for start in [0, 2] {
        let log = DecisionLog::open(&folder.0, public).unwrap();
        log.append(&decision(start + 1)).unwrap();
        log.append(&decision(start + 2)).unwrap();
        head = log.sync().unwrap();
    }
    head
}

#[test]
fn records_of_several_starts_are_one_chain_that_the_key_opens() {
    let (folder, (private, public)) = (Folder::new("open"), new_keys());
    let public = PublicKey::of_text(&public.to_text()).unwrap();
    let private = PrivateKey::of_text(&private.to_text()).unwrap();
    let head = written(&folder, &public);

    let verified = verify(&folder.0, None, |_| panic!("no key, no record")).unwrap();
    assert_eq!(verified, Verified { n_segments: 2, n_records: 4, head, cut: vec![] });
    let mut opened = Vec::new();
    verify(&folder.0, Some(&private), |decision| opened.push(decision)).unwrap();
    assert_eq!(opened, (1..5).map(decision).collect::<Vec<_>>());

    let (other, _) = new_keys();
    let error = verify(&folder.0, Some(&other), |_| {}).unwrap_err();
    assert_eq!(error, "line 1: segment 1: record 1: the key does not open it");
}

#[test]
fn nothing_of_a_record_can_be_read_in_the_file() {
    let (folder, (_, public)) = (Folder::new("secret"), new_keys());
    written(&folder, &public);
    let bytes = fs::read(folder.segment(1)).unwrap();
    for secret in ["ward-a", "sepsis", "0.75", "r-1"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn every_changed_byte_is_found_and_named_by_its_line() {
    let (folder, (_, public)) = (Folder::new("changed"), new_keys());
    let head = written(&folder, &public);
    for (segment, lines_before) in [(1, 0), (2, 2)] {
        let path = folder.segment(segment);
        let bytes = fs::read(&path).unwrap();
        let record_len = (bytes.len() - 72) / 2;
        for position in 0..bytes.len() {
            for bit in [1, 0x80] {
                let mut changed = bytes.clone();
                changed[position] ^= bit;
                fs::write(&path, &changed).unwrap();
                let error = verify(&folder.0, None, |_| {}).unwrap_err();
                // The key is before the records and shows in the first one.
                let line = lines_before + 1 + position.saturating_sub(72) / record_len;
                let place = match position {
                    0..8 | 40..72 => format!("segment {segment}: "),
                    _ => format!("line {line}: segment {segment}: record "),
                };
                assert!(error.starts_with(&place), "byte {position}, bit {bit}: {error}");
            }
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(verify(&folder.0, None, |_| {}).unwrap().head, head);
}

#[test]
fn a_record_or_a_segment_that_is_gone_is_found() {
    let (folder, (_, public)) = (Folder::new("gone"), new_keys());
    written(&folder, &public);
    let bytes = fs::read(folder.segment(1)).unwrap();
    let head = 8 + 32 + 32;
    let length = 4 + 32 + u32::from_le_bytes(*bytes[head..].first_chunk().unwrap()) as usize;
    let without_first = [&bytes[..head], &bytes[head + length..]].concat();
    fs::write(folder.segment(1), without_first).unwrap();
    let error = verify(&folder.0, None, |_| {}).unwrap_err();
    assert_eq!(error, "line 1: segment 1: record 1: the chain breaks: it was changed or moved");

    fs::write(folder.segment(1), &bytes[..head + length]).unwrap();
    let error = verify(&folder.0, None, |_| {}).unwrap_err();
    assert_eq!(error, "segment 2: does not follow the segment before it");

    fs::remove_file(folder.segment(1)).unwrap();
    let error = verify(&folder.0, None, |_| {}).unwrap_err();
    assert_eq!(error, "segment 2: expected segment 1, which is gone");
}

/// The names of the files in the folder, with their lengths.
fn files(folder: &Folder) -> Vec<(String, u64)> {
    let mut files: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_check_or_a_second_start_beside_an_open_log_changes_nothing() {
    let (folder, (_, public)) = (Folder::new("beside"), new_keys());
    DecisionLog::check(&folder.0).unwrap();
    assert!(!folder.0.exists());
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.append(&decision(1)).unwrap();
    let before = files(&folder);
    DecisionLog::check(&folder.0).unwrap();
    let error = DecisionLog::open(&folder.0, &public).unwrap_err();
    assert_eq!(error.to_string(), "the decision log is in use by another process");
    assert_eq!(files(&folder), before);
    log.append(&decision(2)).unwrap();
    drop(log);
    // A start without a request begins no segment.
    drop(DecisionLog::open(&folder.0, &public).unwrap());
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.append(&decision(3)).unwrap();
    let head = log.sync().unwrap();
    let verified = verify(&folder.0, None, |_| {}).unwrap();
    assert_eq!(verified, Verified { n_segments: 2, n_records: 3, head, cut: vec![] });
}

#[test]
fn a_segment_whose_head_was_not_written_whole_is_removed() {
    let (folder, (_, public)) = (Folder::new("head"), new_keys());
    let head = written(&folder, &public);
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.append(&decision(5)).unwrap();
    drop(log);
    let bytes = fs::read(folder.segment(3)).unwrap();
    for n_bytes in [0, 5, 8, 30, 40, 41, 71] {
        fs::write(folder.segment(3), &bytes[..n_bytes]).unwrap();
        DecisionLog::check(&folder.0).unwrap();
        let cut = vec!["segment 3: head".to_owned()];
        let expected = Verified { n_segments: 2, n_records: 4, head: head.clone(), cut };
        assert_eq!(verify(&folder.0, None, |_| {}).unwrap(), expected);
        let log = DecisionLog::open(&folder.0, &public).unwrap();
        assert_eq!(log.removed(), Some(folder.segment(3).as_path()));
        log.append(&decision(5)).unwrap();
        let verified = verify(&folder.0, None, |_| {}).unwrap();
        assert_eq!((verified.n_segments, verified.n_records), (3, 5));
        assert_eq!(verified.cut, Vec::<String>::new());
    }
    // Other damage is refused: bytes that are no head, and a short segment before the last one.
    let bytes = fs::read(folder.segment(3)).unwrap();
    let (mut no_magic, mut other_link) = (bytes[..60].to_vec(), bytes[..60].to_vec());
    no_magic[3] ^= 1;
    other_link[50] ^= 1;
    for (number, damaged) in [(3, &no_magic[..]), (3, &other_link), (2, &bytes[..0])] {
        let whole = fs::read(folder.segment(number)).unwrap();
        fs::write(folder.segment(number), damaged).unwrap();
        let expected = format!("segment {number}: shorter than its head");
        assert_eq!(verify(&folder.0, None, |_| {}).unwrap_err(), expected);
        let error = DecisionLog::open(&folder.0, &public).unwrap_err();
        assert!(error.to_string().ends_with("shorter than its head"), "{error}");
        assert!(DecisionLog::check(&folder.0).is_err());
        fs::write(folder.segment(number), whole).unwrap();
    }
}

#[test]
fn a_log_goes_on_by_itself_when_a_full_disk_has_room_again() {
    let (folder, (private, public)) = (Folder::new("full"), new_keys());
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.append(&decision(1)).unwrap();
    let before = fs::read(folder.segment(1)).unwrap();
    log.fill_disk();
    for row in [2, 3] {
        assert!(log.append(&decision(row)).is_err());
        assert!(!log.is_writable());
    }
    assert_eq!(fs::read(folder.segment(1)).unwrap(), before, "nothing of a record is left");
    assert!(log.sync().is_err() && !log.is_writable());
    log.make_room();
    log.sync().unwrap();
    assert!(log.is_writable());
    log.append(&decision(4)).unwrap();
    let head = log.sync().unwrap();
    let mut rows = Vec::new();
    let verified = verify(&folder.0, Some(&private), |decision| rows.push(decision.row)).unwrap();
    assert_eq!(verified, Verified { n_segments: 2, n_records: 2, head, cut: vec![] });
    assert_eq!(rows, [1, 4]);

    // A start while there is no room leaves nothing behind either, and the first record is tried again.
    drop(log);
    let before = files(&folder);
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.fill_disk();
    assert!(log.append(&decision(5)).is_err());
    log.make_room();
    assert_eq!(files(&folder), before);
    log.append(&decision(5)).unwrap();
    assert_eq!(verify(&folder.0, None, |_| {}).unwrap().n_records, 3);
}

#[test]
fn segments_are_ended_by_their_length_and_stay_one_chain() {
    let (folder, (private, public)) = (Folder::new("rotated"), new_keys());
    let open = |max_bytes| {
        DecisionLog::open(&folder.0, &public).unwrap().with_max_segment_bytes(max_bytes)
    };
    let log = open(0);
    for row in 1..4 {
        log.append(&decision(row)).unwrap();
    }
    drop(log);
    let record_len = fs::metadata(folder.segment(1)).unwrap().len() - 72;
    let log = open(72 + 2 * record_len);
    for row in 4..9 {
        log.append(&decision(row)).unwrap();
    }
    let head = log.sync().unwrap();
    drop(log);
    let n_records = |number| {
        let n_bytes = fs::metadata(folder.segment(number)).unwrap().len() - 72;
        assert_eq!(n_bytes % record_len, 0);
        n_bytes / record_len
    };
    assert_eq!((1..7).map(n_records).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 1]);
    let mut rows = Vec::new();
    let verified = verify(&folder.0, Some(&private), |decision| rows.push(decision.row)).unwrap();
    assert_eq!(verified, Verified { n_segments: 6, n_records: 8, head, cut: vec![] });
    assert_eq!(rows, (1..9).collect::<Vec<_>>());

    // One record is moved between segments.
    let bytes = fs::read(folder.segment(4)).unwrap();
    let before = bytes.len() - usize::try_from(record_len).unwrap();
    fs::write(folder.segment(4), &bytes[..before]).unwrap();
    let error = verify(&folder.0, None, |_| {}).unwrap_err();
    assert_eq!(error, "segment 5: does not follow the segment before it");
}

#[test]
fn a_disk_that_is_full_when_a_segment_ends_refuses_the_record_until_there_is_room() {
    let (folder, (private, public)) = (Folder::new("full-end"), new_keys());
    let log = DecisionLog::open(&folder.0, &public).unwrap().with_max_segment_bytes(0);
    log.append(&decision(1)).unwrap();
    log.fill_folder();
    for row in [2, 3] {
        assert!(log.append(&decision(row)).is_err());
        assert!(!log.is_writable());
    }
    log.make_room();
    log.append(&decision(4)).unwrap();
    assert!(log.is_writable());
    let mut rows = Vec::new();
    verify(&folder.0, Some(&private), |decision| rows.push(decision.row)).unwrap();
    assert_eq!(rows, [1, 4]);
}

#[test]
fn a_crash_within_a_record_is_reported_and_the_chain_goes_on() {
    let (folder, (_, public)) = (Folder::new("crash"), new_keys());
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.append(&decision(1)).unwrap();
    log.append(&decision(2)).unwrap();
    drop(log);
    let bytes = fs::read(folder.segment(1)).unwrap();
    fs::write(folder.segment(1), &bytes[..bytes.len() - 5]).unwrap();
    let log = DecisionLog::open(&folder.0, &public).unwrap();
    log.append(&decision(3)).unwrap();
    let verified = verify(&folder.0, None, |_| {}).unwrap();
    assert_eq!((verified.n_records, verified.cut), (2, vec!["segment 1: record 2".to_owned()]));
}
