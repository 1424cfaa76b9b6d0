//! Persons, keys and roles: who may do what, and whose approval counts.

use nomogram_registry::{Act, Options, Registry, Role, block_on};
use nomogram_testkit::bundle_of_three_members;

use crate::clinic::{Clinic, key, promotion, public_key, set_clock, version};

fn clinic_with_a_version() -> Clinic {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    clinic
}

fn approval() -> Act {
    Act::Approve { version: version(1), report: None }
}

#[test]
fn two_approvals_by_one_person_with_two_keys_are_one() {
    let clinic = clinic_with_a_version();
    clinic.add_key("ana", "ana-2");
    clinic.approve("ana", 1).unwrap();
    let (rule, message) = clinic.refused("ana-2", approval());
    assert!(rule == "same-person" && message.contains("another of their keys"), "{message}");
    let (rule, message) = clinic.refused("ana", promotion(1));
    assert!(rule == "approvals" && message.contains("found 1 approvals"), "{message}");
}

#[test]
fn an_author_does_not_approve_their_version() {
    let clinic = clinic_with_a_version();
    clinic.set_roles("tara", &[Role::Trainer, Role::Approver]);
    assert_eq!(clinic.refused("tara", approval()).0, "author");
}

#[test]
fn an_approval_counts_only_while_its_person_has_the_role() {
    let clinic = clinic_with_a_version();
    clinic.approve("ana", 1).unwrap();
    clinic.set_roles("ana", &[Role::Reviewer]);
    clinic.approve("ben", 1).unwrap();
    let (rule, message) = clinic.refused("ben", promotion(1));
    assert_eq!(rule, "approvals");
    assert!(message.contains("ana is not counted: no longer has the role approver"), "{message}");
    // A reviewer who becomes approver later did not approve as one.
    clinic.approve("rex", 1).unwrap();
    clinic.set_roles("rex", &[Role::Approver]);
    let (_, message) = clinic.refused("ben", promotion(1));
    assert!(message.contains("rex is not counted: did not have the role"), "{message}");
    clinic.approve("cleo", 1).unwrap();
    clinic.promote("ben", 1).unwrap();
}

#[test]
fn an_approval_of_a_revoked_key_does_not_count_and_can_be_repeated() {
    let clinic = clinic_with_a_version();
    clinic.approve("ana", 1).unwrap();
    clinic.approve("ben", 1).unwrap();
    let revoke = Act::RevokeKey { key: key("ana").id().to_string() };
    clinic.act_because("olga", "stolen laptop", revoke).unwrap();
    let (rule, message) = clinic.refused("ben", promotion(1));
    assert!(rule == "approvals" && message.contains("was revoked"), "{message}");
    let (rule, message) = clinic.refused("ana", approval());
    assert!(rule == "revoked-key" && message.contains("of ana was revoked by entry"), "{message}");
    clinic.add_key("ana", "ana-2");
    clinic.approve("ana-2", 1).unwrap();
    clinic.promote("ben", 1).unwrap();
}

#[test]
fn an_expired_key_does_not_sign() {
    let clinic = clinic_with_a_version();
    let expires = Some("2026-02-01".parse().unwrap());
    let add = Act::AddKey { person: "ana".into(), public_key: public_key("ana-2"), expires };
    clinic.act("olga", add).unwrap();
    set_clock("2026-02-01");
    let (rule, message) = clinic.refused("ana-2", approval());
    assert!(rule == "expired-key" && message.contains("expired on 2026-02-01"), "{message}");
    set_clock("2026-01-31");
    clinic.approve("ana-2", 1).unwrap();
}

#[test]
fn a_clock_that_is_set_back_is_refused() {
    let clinic = clinic_with_a_version();
    set_clock("2026-03-01");
    clinic.approve("ana", 1).unwrap();
    set_clock("2026-02-01");
    let (rule, message) = clinic.refused("ben", approval());
    assert!(rule == "clock-set-back" && message.contains("2026-02-01"), "{message}");
    // Clocks of two machines differ a little.
    set_clock("2026-02-28T23:59:30Z");
    let entry = clinic.approve("ben", 1).unwrap();
    let statements = clinic.registry.statements().unwrap();
    assert_eq!(statements[usize::try_from(entry).unwrap()].time, "2026-03-01".parse().unwrap());
}

#[test]
fn acts_need_their_roles() {
    let clinic = clinic_with_a_version();
    let person = Act::Person { person: "eve".into(), roles: vec![Role::Administrator] };
    for (name, act) in [
        ("ana", person.clone()),
        ("ana", Act::RevokeKey { key: key("ben").id().to_string() }),
        ("tara", approval()),
        ("rex", Act::Revoke { version: version(1) }),
        ("olga", promotion(1)),
    ] {
        let (rule, message) = clinic.refused(name, act);
        assert!(rule == "role" && message.contains("needs the role"), "{message}");
    }
    assert_eq!(clinic.refused("eve", person).0, "unknown");
    let resign = Act::Person { person: "olga".into(), roles: vec![] };
    assert_eq!(clinic.refused("olga", resign).0, "last-administrator");
    let add = Act::AddKey { person: "ana".into(), public_key: public_key("ben"), expires: None };
    assert_eq!(clinic.refused("olga", add).0, "known-key");
}

#[test]
fn a_reviewer_states_the_report_that_they_were_shown() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    let evaluation = crate::clinic::evaluation(0.9, 1.0, 0.9);
    clinic.register(bundle_of_three_members(), Some(evaluation)).unwrap();
    assert_eq!(clinic.refused("ana", approval()).0, "report");
    clinic.approve("ana", 1).unwrap();
}

#[test]
fn a_registry_is_founded_once_and_known_by_its_first_entry() {
    let clinic = clinic_with_a_version();
    let author_key = key("eve");
    let author = nomogram_registry::Author::new(&author_key);
    let founded =
        Registry::found(clinic.location(), "other.example", "eve", &author, Options::default());
    assert!(block_on(founded).unwrap_err().to_string().contains("founded"));
    let identity = Some(nomogram_registry::Digest::of(b"another registry"));
    let options = Options { identity, ..Options::default() };
    let error = block_on(Registry::open(clinic.location(), options)).unwrap_err().to_string();
    assert!(error.contains("it is another registry"), "{error}");
}
