//! What persons of a registry could try with a program that checks nothing.

use std::collections::BTreeMap;
use std::fs;

use nomogram_registry::{
    Act, Author, Checkpoint, Digest, Error, Evaluation, Limit, Policy, Registration, Role,
    Sequence, Statement, Timestamp, block_on, leaf_hash, root,
};
use nomogram_signing::dsse::Envelope;
use nomogram_testkit::bundle_of_three_members;

use crate::clinic::{Clinic, evaluation, key, promotion, set_clock, version};

const PAYLOAD_TYPE: &str = "application/vnd.nomogram.registry-entry+json";

fn clinic_with_a_version() -> Clinic {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), Some(evaluation(0.5, 1.0, 0.9))).unwrap();
    clinic
}

/// Writes an entry that is signed and in its place, whatever it states.
fn forge(clinic: &Clinic, name: &str, time: &str, reason: &str, act: Act) -> Sequence {
    let head = block_on(clinic.registry.refresh()).unwrap();
    let key = key(name);
    let statement = Statement {
        seq: head.n_entries,
        previous: head.digest,
        time: time.parse().unwrap(),
        key: key.id().to_string(),
        nonce: format!("{:016x}", head.n_entries),
        act,
        reason: reason.into(),
        evidence: Vec::new(),
    };
    let payload = serde_json::to_vec(&statement).unwrap();
    let file = Envelope::sign(PAYLOAD_TYPE, &payload, &key).unwrap().to_json().unwrap() + "\n";
    fs::write(clinic.path(&entry(head.n_entries)), file).unwrap();
    head.n_entries
}

fn entry(seq: Sequence) -> String {
    format!("log/{seq:016}.json")
}

fn approval(clinic: &Clinic, number: u32) -> Act {
    let state = clinic.registry.state().unwrap();
    let report = state.version("risk", number).unwrap().shown_report();
    Act::Approve { version: version(number), report }
}

fn findings(clinic: &Clinic) -> Vec<(String, String)> {
    let audit = block_on(clinic.open_anew().unwrap().audit()).unwrap();
    audit.findings.into_iter().map(|finding| (finding.place, finding.detail)).collect()
}

#[test]
fn acts_that_a_rule_forbids_change_nothing_whichever_program_wrote_them() {
    let clinic = clinic_with_a_version();
    clinic.add_key("ana", "ana-2");
    clinic.add_key("cleo", "cleo-2");
    let expires = Some("2026-02-01".parse::<Timestamp>().unwrap());
    let public_key = crate::clinic::public_key("ben-2");
    clinic.act("olga", Act::AddKey { person: "ben".into(), public_key, expires }).unwrap();
    let revoke = Act::RevokeKey { key: key("cleo").id().to_string() };
    clinic.act_because("olga", "stolen laptop", revoke).unwrap();
    clinic.approve("ana", 1).unwrap();
    let approve = approval(&clinic, 1);
    let attempts = [
        ("cleo", "2026-01-06", approve.clone(), "revoked-key"),
        ("ben-2", "2026-02-01", approve.clone(), "expired-key"),
        ("ana-2", "2026-01-06", approve.clone(), "same-person"),
        ("tara", "2026-01-06", approve.clone(), "role"),
        ("ben", "2026-01-04", approve, "clock-set-back"),
        ("ana", "2026-01-06", promotion(1), "approvals"),
    ];
    for (name, time, act, rule) in attempts {
        let before = clinic.registry.state().unwrap();
        let seq = forge(&clinic, name, time, "a reason", act);
        block_on(clinic.registry.refresh()).unwrap();
        let state = clinic.registry.state().unwrap();
        let (refused, refusal) = state.refused().last().unwrap();
        assert_eq!((*refused, refusal.rule.to_string().as_str()), (seq, rule), "{refusal}");
        assert_eq!(state.version("risk", 1).unwrap(), before.version("risk", 1).unwrap());
        assert_eq!(state.time(), before.time(), "{rule}");
    }
    let audit = block_on(clinic.open_anew().unwrap().audit()).unwrap();
    assert_eq!(audit.remarks.len(), 6, "{audit:?}");
    assert!(audit.findings.is_empty(), "{audit:?}");
}

#[test]
fn measures_that_the_report_does_not_have_promote_nothing() {
    let clinic = clinic_with_a_version();
    let limits = vec![Limit { measure: "auc".into(), min: Some(0.8), max: None }];
    let policy = Policy { limits, ..Policy::default() };
    clinic.act("olga", Act::SetPolicy { model: None, policy }).unwrap();
    let state = clinic.registry.state().unwrap();
    let honest = state.version("risk", 1).unwrap().registration.evaluation.clone().unwrap();
    let measures = BTreeMap::from([("auc".to_owned(), 0.9)]);
    let forged = Evaluation { blob: honest.blob, measures };
    clinic.act("tara", Act::Evaluate { version: version(1), evaluation: forged }).unwrap();
    let error = clinic.approve("ana", 1).unwrap_err().to_string();
    let report = honest.blob.to_string();
    let is_named = |text: &str| {
        text.contains(&report) && text.contains("its measures are not those that were registered")
    };
    assert!(is_named(&error), "{error}");
    // Approvers whose program compares nothing.
    forge(&clinic, "ana", "2026-01-06", "", approval(&clinic, 1));
    forge(&clinic, "ben", "2026-01-06", "", approval(&clinic, 1));
    set_clock("2026-01-07");
    let error = clinic.promote("ana", 1).unwrap_err().to_string();
    assert!(is_named(&error), "{error}");
    forge(&clinic, "ana", "2026-01-07", "", promotion(1));
    // An audit names the report, also after the evaluation was replaced by an honest one.
    clinic.act("tara", Act::Evaluate { version: version(1), evaluation: honest }).unwrap();
    assert_eq!(clinic.registry.state().unwrap().version("risk", 1).unwrap().stage, "approved");
    let found = findings(&clinic);
    assert!(
        found.iter().any(|(place, detail)| is_named(&format!("{place}: {detail}"))),
        "{found:?}"
    );
}

#[test]
fn a_bundle_that_is_registered_under_another_digest_is_named() {
    let clinic = clinic_with_a_version();
    let state = clinic.registry.state().unwrap();
    let honest = state.version("risk", 1).unwrap().registration.clone();
    let bundle = Digest::of(b"another bundle");
    let forged = Registration { version: version(2), bundle, ..honest.clone() };
    clinic.act("tara", Act::Register(Box::new(forged))).unwrap();
    // A later version with the same file does not hide it.
    clinic.register(bundle_of_three_members(), None).unwrap();
    let blob = honest.blob.to_string();
    let error = clinic.approve("ana", 2).unwrap_err().to_string();
    assert!(error.contains(&blob) && error.contains("registered as"), "{error}");
    let found = findings(&clinic);
    assert!(matches!(&found[..], [(place, _)] if place.ends_with(&blob)), "{found:?}");
}

#[test]
fn a_checkpoint_that_no_administrator_signed_is_named() {
    let clinic = clinic_with_a_version();
    clinic.set_roles("oscar", &[Role::Administrator]);
    clinic.add_key("oscar", "oscar");
    block_on(clinic.registry.publish_checkpoint(&key("olga"))).unwrap();
    clinic.set_roles("oscar", &[Role::Reader]);
    for (name, expected) in [
        ("tara", "not one of an administrator"),
        ("oscar", "not one of an administrator"),
        ("eve", "signed by no key of the registry"),
    ] {
        let size = clinic.registry.head().unwrap().n_entries;
        let leaves = (0..size).map(|seq| leaf_hash(&fs::read(clinic.path(&entry(seq))).unwrap()));
        let root = root(&leaves.collect::<Vec<_>>());
        let forged = Checkpoint::sign("registry.clinic.example/risk", size, root, &key(name));
        let error = clinic.registry.check_contains("mail", &forged).unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
        let place = format!("checkpoints/{size:016}");
        fs::write(clinic.path(&place), forged.to_string()).unwrap();
        let found = findings(&clinic);
        let is_named =
            |(found, detail): &(String, String)| *found == place && detail.contains(expected);
        assert!(found.iter().any(is_named), "{name}: {found:?}");
        fs::remove_file(clinic.path(&place)).unwrap();
        assert_eq!(findings(&clinic), []);
    }
}

#[test]
fn an_entry_that_is_too_long_for_the_tiles_is_named() {
    let clinic = clinic_with_a_version();
    let comment = Act::Comment { model: "risk".into(), number: None };
    let seq = forge(&clinic, "rex", "2026-01-06", &"x".repeat(70_000), comment);
    let error = clinic.open_anew().unwrap_err();
    assert!(matches!(&error, Error::Damaged { place, .. } if *place == entry(seq)), "{error}");
    assert!(error.to_string().contains("expected at most 65535"), "{error}");
}

#[test]
fn evidence_that_is_gone_is_named() {
    let clinic = clinic_with_a_version();
    let letter = block_on(clinic.registry.put_blob("a letter of the ward".into())).unwrap();
    let key = key("rex");
    let author = Author { evidence: vec![letter], ..Author::new(&key).because("see the letter") };
    let comment = Act::Comment { model: "risk".into(), number: Some(1) };
    block_on(clinic.registry.append(&author, |_| Ok(comment.clone()))).unwrap();
    assert_eq!(findings(&clinic), []);
    let digest = letter.to_string();
    let place = format!("blobs/sha256/{}/{digest}", &digest[..2]);
    fs::remove_file(clinic.path(&place)).unwrap();
    assert_eq!(findings(&clinic), [(place, "is missing".to_owned())]);
}

#[test]
fn an_entry_of_another_place_or_another_registry_is_named() {
    let clinic = clinic_with_a_version();
    let last = clinic.approve("ana", 1).unwrap();
    fs::copy(clinic.path(&entry(last)), clinic.path(&entry(last + 1))).unwrap();
    let error = clinic.open_anew().unwrap_err().to_string();
    assert!(error.contains(&format!("states that it is entry {last}")), "{error}");
    fs::remove_file(clinic.path(&entry(last + 1))).unwrap();
    // The same persons did the same elsewhere.
    let other = clinic_with_a_version();
    other.approve("ana", 1).unwrap();
    fs::copy(other.path(&entry(last)), clinic.path(&entry(last))).unwrap();
    let error = clinic.open_anew().unwrap_err().to_string();
    assert!(error.contains("follows an entry with the SHA-256"), "{error}");
}
