//! One model over a year: who did what, and what was in use when.

use nomogram_registry::{Act, Limit, Policy, Timestamp, block_on};
use nomogram_testkit::{bundle_of_policies, bundle_of_three_members, explained_bundle};

use crate::clinic::{Clinic, champion, evaluation, key, promotion, set_clock, version};

/// A policy whose versions need an AUC of 0.8, a slope near 1, and sensitivity in each sex.
fn strict_policy() -> Act {
    let limit = |measure: &str, min, max| Limit { measure: measure.into(), min, max };
    let limits = vec![
        limit("auc", Some(0.8), None),
        limit("calibration_slope", Some(0.8), Some(1.2)),
        limit("sensitivity[sex=*]", Some(0.85), None),
    ];
    Act::SetPolicy { model: Some("risk".into()), policy: Policy { limits, ..Policy::default() } }
}

#[test]
fn one_model_over_a_year() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.act("olga", strict_policy()).unwrap();

    // January: the first version is registered, reviewed and put into use.
    set_clock("2026-01-12");
    assert_eq!(
        clinic.register(bundle_of_three_members(), Some(evaluation(0.86, 1.02, 0.91))).unwrap(),
        1
    );
    set_clock("2026-01-19");
    clinic.approve("ana", 1).unwrap();
    clinic.approve("ben", 1).unwrap();
    clinic.promote("ana", 1).unwrap();
    set_clock("2026-02-01");
    clinic.set_champion("ana", 1).unwrap();

    // April: the second version misses women, and is refused with the table.
    set_clock("2026-04-01");
    assert_eq!(clinic.register(bundle_of_policies(), Some(evaluation(0.9, 1.0, 0.7))).unwrap(), 2);
    clinic.approve("ana", 2).unwrap();
    clinic.approve("ben", 2).unwrap();
    let (rule, message) = clinic.refused("ana", promotion(2));
    assert_eq!(rule, "limits");
    let line = message.lines().find(|line| line.starts_with("sensitivity[sex=F]")).unwrap();
    assert!(
        line.contains("0.7000") && line.contains("0.9100") && line.ends_with("outside"),
        "{message}"
    );

    // May: trained again and evaluated anew; those who approved were shown another evaluation.
    set_clock("2026-05-01");
    let trainer = key("tara");
    let author = nomogram_registry::Author::new(&trainer);
    let report = evaluation(0.9, 1.0, 0.9).into();
    block_on(clinic.registry.evaluate(&author, version(2), report)).unwrap();
    assert_eq!(clinic.refused("ana", promotion(2)).0, "approvals");
    clinic.approve("ana", 2).unwrap();
    clinic.approve("cleo", 2).unwrap();
    clinic.promote("cleo", 2).unwrap();
    set_clock("2026-06-01");
    clinic.set_champion("cleo", 2).unwrap();

    // August: a defect on a ward. The alias is rolled back, and the version revoked.
    set_clock("2026-08-10");
    let roll_back = Act::RollBack { model: "risk".into(), alias: "champion".into(), number: 1 };
    assert_eq!(clinic.registry.state().unwrap().model("risk").unwrap().before("champion"), Some(1));
    clinic.act_because("ben", "too many referrals on ward 3", roll_back).unwrap();
    clinic.act_because("ben", "unit of creatinine", Act::Revoke { version: version(2) }).unwrap();
    assert_eq!(clinic.resolve("risk@champion").unwrap().number, 1);
    let refused = clinic.resolve("risk@2").unwrap_err().to_string();
    assert!(
        refused.contains("revoked-version") && refused.contains("unit of creatinine"),
        "{refused}"
    );

    // October: a third version replaces the first, which is deprecated.
    set_clock("2026-10-01");
    assert_eq!(clinic.register(explained_bundle(), Some(evaluation(0.88, 0.97, 0.92))).unwrap(), 3);
    clinic.approve("ana", 3).unwrap();
    clinic.approve("cleo", 3).unwrap();
    clinic.promote("ana", 3).unwrap();
    clinic.set_champion("ana", 3).unwrap();
    let reason = "replaced by version 3";
    clinic.act_because("ana", reason, Act::Deprecate { version: version(1) }).unwrap();
    clinic.act("ana", Act::Move { version: version(1), stage: "retired".into() }).unwrap();

    // What was in use when, and who approved it.
    for (time, expected) in [
        ("2026-01-31", None),
        ("2026-03-01T00:00Z", Some(1)),
        ("2026-07-01", Some(2)),
        ("2026-09-01", Some(1)),
        ("2026-12-31", Some(3)),
    ] {
        let time: Timestamp = time.parse().unwrap();
        let state = clinic.registry.state_as_of(time).unwrap();
        assert_eq!(state.model("risk").unwrap().alias("champion"), expected, "{time}");
    }
    let state = clinic.registry.state().unwrap();
    let reviews = &state.version("risk", 3).unwrap().reviews;
    let reviewers: Vec<&str> = reviews.iter().map(|review| review.notice.person.as_str()).collect();
    assert_eq!(reviewers, ["ana", "cleo"]);
    assert_eq!(reviews[0].report, state.version("risk", 3).unwrap().shown_report());

    // Another client, who has seen nothing, comes to the same state; so does an audit.
    let other = clinic.open_anew().unwrap();
    let (resolved, bytes) = block_on(other.pull(&"risk@champion".parse().unwrap())).unwrap();
    assert_eq!((resolved.number, bytes.as_ref()), (3, explained_bundle().as_slice()));
    let administrator = key("olga");
    block_on(clinic.registry.publish_checkpoint(&administrator)).unwrap();
    let audit = block_on(other.audit()).unwrap();
    assert!(audit.findings.is_empty(), "{audit:?}");
}

#[test]
fn without_an_evaluation_or_with_too_few_approvals_nothing_is_promoted() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.act("olga", strict_policy()).unwrap();
    clinic.register(bundle_of_three_members(), None).unwrap();
    let (rule, message) = clinic.refused("ana", promotion(1));
    assert!(rule == "approvals" && message.contains("found 0 approvals"), "{message}");
    clinic.approve("ana", 1).unwrap();
    clinic.approve("ben", 1).unwrap();
    let (rule, message) = clinic.refused("ana", promotion(1));
    assert!(rule == "limits" && message.contains("not evaluated"), "{message}");
    assert_eq!(clinic.refused("ana", champion(1)).0, "alias-stage");
}

#[test]
fn a_rejection_holds_until_its_author_approves() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    clinic.approve("ana", 1).unwrap();
    clinic.approve("ben", 1).unwrap();
    let reject = Act::Reject { version: version(1), report: None };
    clinic.act_because("rex", "no women in the data", reject.clone()).unwrap();
    let (rule, message) = clinic.refused("ana", promotion(1));
    assert!(rule == "rejected" && message.contains("no women in the data"), "{message}");
    assert_eq!(clinic.refused("rex", reject).0, "same-person");
    clinic.approve("rex", 1).unwrap();
    clinic.promote("ana", 1).unwrap();
    clinic.set_champion("ana", 1).unwrap();
    let retire = Act::Move { version: version(1), stage: "retired".into() };
    assert_eq!(clinic.refused("ana", retire).0, "alias-stage");
}
