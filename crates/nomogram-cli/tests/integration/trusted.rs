//! Every command that opens a bundle opens it under the policy of trust.

use nomogram_signing::{SecretKey, sign_bundle};

use crate::folder::{Folder, Run};

fn key() -> SecretKey {
    SecretKey::from_seed(&[9; 32])
}

/// Requires a reviewer.
fn policy() -> String {
    let public = key().public_key().to_bytes();
    let digits: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("key {digits} reviewer\nrequire reviewer\n")
}

/// The bundle, signed as reviewed.
fn signed(bundle: &[u8]) -> Vec<u8> {
    sign_bundle(bundle, &key(), "reviewer", 1_767_225_600, None).unwrap()
}

#[test]
fn every_command_refuses_a_bundle_that_the_policy_refuses() {
    let folder = Folder::with_patients(40, "");
    folder.write("m.nomo", nomogram_testkit::bundle_of_three_members());
    folder.write("trust.txt", policy());
    folder.write("counts", "");
    key().write_new(&folder.path("key.pem")).unwrap();
    for command in [
        "predict m.nomo t.csv -o o.csv",
        "explain m.nomo t.csv",
        "inspect m.nomo",
        "verify m.nomo",
        "diff m.nomo m.nomo",
        "compare m.nomo m.nomo c.yaml t.csv",
        "evaluate m.nomo t.csv",
        "report m.nomo t.csv -o r.html",
        "recalibrate m.nomo c.yaml t.csv -o r.nomo",
        "export m.nomo -o m.c",
        "monitor merge m.nomo counts -o o.counts",
        "monitor outcomes m.nomo t.csv --probability age --outcome died -o o.counts",
        "monitor report m.nomo counts --horizon 1",
        "sign m.nomo --key key.pem --role author -o s.nomo",
    ] {
        let expected = "role `reviewer`: signed by 0 trusted keys, expected 1";
        folder.fails(&format!("{command} --trust trust.txt"), expected);
    }
    assert_eq!(folder.names(), ["c.yaml", "counts", "key.pem", "m.nomo", "t.csv", "trust.txt"]);
    folder.write("m.nomo", signed(&nomogram_testkit::bundle_of_three_members()));
    folder.ok("verify m.nomo --trust trust.txt");
}

#[test]
fn a_registry_is_used_under_the_policy() {
    let folder = Folder::new();
    folder.write("trust.txt", policy());
    folder.write("unsigned.nomo", nomogram_testkit::bundle_of_three_members());
    folder.write("signed.nomo", signed(&nomogram_testkit::bundle_of_policies()));
    for (seed, name) in (1..).zip(["olga", "ana"]) {
        let key = SecretKey::from_seed(&[seed; 32]);
        key.write_new(&folder.path(&format!("{name}.pem"))).unwrap();
        key.public_key().write_new(&folder.path(&format!("{name}.pub.pem"))).unwrap();
    }
    let run = |arguments: &str| {
        let mut program = folder.program(&format!("registry {arguments}"));
        let settings =
            [("REGISTRY", "models"), ("REGISTRY_INDEX", "index.sqlite"), ("KEY", "olga.pem")];
        for (name, value) in settings {
            program.env(format!("NOMOGRAM_{name}"), value);
        }
        Run::of(&program.output().unwrap())
    };
    let refusal = "role `reviewer`: signed by 0 trusted keys, expected 1";
    run("init registry.example/risk --person olga").ok();
    run("person olga --role administrator --role trainer --role approver").ok();
    run("register risk unsigned.nomo --trust trust.txt").fails_with(1, refusal);
    run("register risk unsigned.nomo").ok();
    run("register risk signed.nomo --trust trust.txt").ok();
    for command in ["pull risk@1 -o p.nomo", "diff risk@1 risk@2", "diff risk@2 risk@1"] {
        let refused = run(&format!("{command} --trust trust.txt"));
        refused.fails_with(1, &format!("refused (trust): risk@1: {refusal}"));
    }
    assert!(!folder.path("p.nomo").exists());
    run("pull risk@2 -o p.nomo --trust trust.txt").ok();
    // Nobody uses the unsigned version yet.
    run("audit --trust trust.txt").ok();
    folder.write("policy.json", r#"{ "stages": [{ "name": "candidate", "alias": true }] }"#);
    run("policy policy.json").ok();
    run("alias risk@1 champion").ok();
    run("audit").ok();
    let audit = run("audit --trust trust.txt");
    assert!(
        audit.code == 1 && audit.stdout.contains("has an alias, but the policy refuses it"),
        "{audit:?}"
    );
}
