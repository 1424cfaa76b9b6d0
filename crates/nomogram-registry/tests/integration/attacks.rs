//! What somebody who can write to the folder or the bucket could try.

use std::fs;

use nomogram_registry::{Act, Checkpoint, Error, block_on};
use nomogram_testkit::bundle_of_three_members;

use crate::clinic::{Clinic, champion, key, set_clock, version};

/// A clinic whose version 1 is in use.
fn clinic() -> Clinic {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    clinic.approve("ana", 1).unwrap();
    clinic.approve("ben", 1).unwrap();
    clinic.promote("ana", 1).unwrap();
    clinic.set_champion("ana", 1).unwrap();
    clinic
}

#[test]
fn an_old_log_is_refused_by_who_has_seen_a_newer_one() {
    let clinic = clinic();
    let checkpoint = block_on(clinic.registry.publish_checkpoint(&key("olga"))).unwrap();
    let revoke = Act::Revoke { version: version(1) };
    let last = clinic.act_because("ana", "a defect", revoke).unwrap();
    let kept = block_on(clinic.registry.publish_checkpoint(&key("olga"))).unwrap();
    // The bucket serves the log as it was before the version was revoked.
    fs::remove_file(clinic.path(&format!("log/{last:016}.json"))).unwrap();
    let error = clinic.reopen().unwrap_err();
    assert!(matches!(error, Error::RolledBack { .. }), "{error}");
    assert!(error.to_string().contains(&format!("log/{last:016}.json is missing")), "{error}");
    // Who has seen nothing notices it by a checkpoint that they were given.
    let newcomer = clinic.open_anew().unwrap();
    newcomer.check_contains("kept", &checkpoint).unwrap();
    let kept = Checkpoint::parse("kept", &kept.to_string()).unwrap();
    assert!(matches!(newcomer.check_contains("kept", &kept), Err(Error::RolledBack { .. })));
    let audit = block_on(newcomer.audit()).unwrap();
    assert!(
        audit.findings.iter().any(|finding| finding.detail.contains("rolled back")),
        "{audit:?}"
    );
}

#[test]
fn another_entry_in_the_place_of_one_that_was_seen_is_refused() {
    let clinic = clinic();
    let comment = Act::Comment { model: "risk".into(), number: None };
    let last = clinic.act_because("ana", "one text", comment.clone()).unwrap();
    let path = clinic.path(&format!("log/{last:016}.json"));
    fs::remove_file(&path).unwrap();
    let other = clinic.open_anew().unwrap();
    let key = key("ben");
    let author = nomogram_registry::Author::new(&key).because("another text");
    assert_eq!(block_on(other.append(&author, |_| Ok(comment.clone()))).unwrap(), last);
    let error = clinic.reopen().unwrap_err();
    assert!(matches!(error, Error::RolledBack { .. }), "{error}");
}

#[test]
fn an_alias_never_falls_back_from_a_revoked_version() {
    let clinic = clinic();
    clinic.act_because("ana", "a defect", Act::Revoke { version: version(1) }).unwrap();
    for reference in ["risk@champion", "risk@1", "risk@latest"] {
        let error = clinic.resolve(reference).unwrap_err().to_string();
        assert!(error.contains("revoked-version"), "{reference}: {error}");
    }
    assert_eq!(clinic.refused("ana", champion(1)).0, "revoked-version");
    assert_eq!(
        clinic.refused("cleo", Act::Approve { version: version(1), report: None }).0,
        "revoked-version"
    );
}

#[test]
fn a_blob_that_is_erased_by_order_leaves_its_digest_and_reason() {
    let clinic = clinic();
    let blob = clinic.resolve("risk@1").unwrap().blob();
    let administrator = key("olga");
    let author = nomogram_registry::Author::new(&administrator).because("order 17 of the court");
    block_on(clinic.registry.erase(&author, blob)).unwrap();
    let error = block_on(clinic.registry.pull(&"risk@1".parse().unwrap())).unwrap_err();
    assert!(error.to_string().contains("refused (erased)"), "{error}");
    let state = clinic.registry.state().unwrap();
    assert_eq!(state.erased()[&blob].reason, "order 17 of the court");
    assert!(block_on(clinic.registry.audit()).unwrap().findings.is_empty());
    // The same bytes do not come back.
    let error = clinic.register(bundle_of_three_members(), None).unwrap_err().to_string();
    assert!(error.contains("erased"), "{error}");
    let audit = block_on(clinic.registry.audit()).unwrap();
    assert!(
        audit.findings.iter().any(|finding| finding.detail.contains("erase it again")),
        "{audit:?}"
    );
    block_on(clinic.registry.erase(&author, blob)).unwrap();
    assert!(block_on(clinic.registry.audit()).unwrap().findings.is_empty());
}

#[test]
fn proofs_are_verified_without_the_registry() {
    let clinic = clinic();
    let error = block_on(clinic.registry.prove(3)).unwrap_err().to_string();
    assert!(error.contains("no checkpoint covers it"), "{error}");
    block_on(clinic.registry.publish_checkpoint(&key("olga"))).unwrap();
    let n_entries = clinic.registry.head().unwrap().n_entries;
    for seq in 0..n_entries {
        let text = block_on(clinic.registry.prove(seq)).unwrap().to_string();
        let proof = nomogram_registry::Proof::parse("proof", &text).unwrap();
        assert_eq!(proof.to_string(), text);
        let statement = proof.verify("proof", &key("olga").public_key()).unwrap();
        assert_eq!(statement.seq, seq);
        assert!(proof.verify("proof", &key("ana").public_key()).is_err());
        let other = nomogram_registry::Proof { index: seq + 1, ..proof };
        assert!(other.verify("proof", &key("olga").public_key()).is_err());
    }
    let refused =
        block_on(clinic.registry.publish_checkpoint(&key("ana"))).unwrap_err().to_string();
    assert!(refused.contains("needs the role administrator"), "{refused}");
}
