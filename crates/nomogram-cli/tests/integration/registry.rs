//! The commands of registries, as persons with keys type them.

use std::process::{Command, Stdio};

use nomogram_signing::SecretKey;

use crate::folder::{Folder, Run};

/// A registry that Olga has founded, with Tara who trains, and Ana and Ben who approve.
struct Clinic(Folder);

impl Clinic {
    fn new() -> Self {
        let folder = Folder::new();
        for (seed, name) in (1..).zip(["olga", "tara", "ana", "ben"]) {
            let key = SecretKey::from_seed(&[seed; 32]);
            key.write_new(&folder.path(&format!("{name}.pem"))).unwrap();
            key.public_key().write_new(&folder.path(&format!("{name}.pub.pem"))).unwrap();
        }
        folder.write("m.nomo", nomogram_testkit::bundle_of_three_members());
        let clinic = Self(folder);
        clinic.ok("olga", "init registry.example/risk --person olga");
        for (person, role) in [("tara", "trainer"), ("ana", "approver"), ("ben", "approver")] {
            clinic.ok("olga", &format!("person {person} --role {role}"));
            clinic.ok("olga", &format!("add-key {person} {person}.pub.pem"));
        }
        clinic
    }

    fn program(&self, person: &str, arguments: &str) -> Command {
        let mut program = self.0.program(&format!("registry {arguments}"));
        program
            .env("NOMOGRAM_REGISTRY", "models")
            .env("NOMOGRAM_REGISTRY_INDEX", "index.sqlite")
            .env("NOMOGRAM_KEY", format!("{person}.pem"))
            .stdin(Stdio::null());
        program
    }

    fn run(&self, person: &str, arguments: &str) -> Run {
        Run::of(&self.program(person, arguments).output().unwrap())
    }

    #[track_caller]
    fn ok(&self, person: &str, arguments: &str) -> String {
        self.run(person, arguments).ok().stdout
    }

    #[track_caller]
    fn fails(&self, person: &str, arguments: &str, message: &str) {
        self.run(person, arguments).fails_with(1, message);
    }

    fn in_use() -> Self {
        let clinic = Self::new();
        assert_eq!(clinic.ok("tara", "register risk m.nomo"), "risk@1\n");
        clinic.ok("ana", "approve risk@1");
        clinic.fails("ana", "move risk@1 approved", "refused (approvals): found 1 approvals");
        clinic.ok("ben", "approve risk@1");
        clinic.ok("ana", "move risk@1 approved");
        clinic.ok("ana", "alias risk@1 champion");
        clinic
    }
}

#[test]
fn a_version_is_registered_approved_pulled_and_revoked() {
    let clinic = Clinic::in_use();
    assert!(clinic.ok("", "list").contains("@champion 1"));
    let pulled = clinic.ok("", "pull risk@champion -o p.nomo");
    assert!(pulled.starts_with("risk@1 (approved) "), "{pulled}");
    assert_eq!(
        std::fs::read(clinic.0.path("p.nomo")).unwrap(),
        nomogram_testkit::bundle_of_three_members()
    );
    let shown = clinic.ok("", "show risk@champion");
    assert!(shown.contains("by ana, entry") && shown.contains("by ben, entry"), "{shown}");
    clinic.fails("", "show risk --as-of 2020-01-01", "not registered");
    let history = clinic.ok("", "history risk");
    assert_eq!(history.lines().count(), 5, "{history}");
    assert!(history.contains("move risk@1 to approved\n"), "{history}");
    assert!(history.contains("set_alias risk@1 @champion"), "{history}");
    let all = clinic.ok("", "history");
    assert!(all.contains("person ana: approver\n") && all.contains("add_key of ana\n"), "{all}");
    clinic.fails("ben", "revoke risk@1", "refused (reason)");
    let run = clinic.program("ben", "revoke risk@1 --reason").arg("unit of creatinine").output();
    Run::of(&run.unwrap()).ok();
    clinic.fails("", "pull risk@champion -o q.nomo", "refused (revoked-version)");
    assert!(!clinic.0.path("q.nomo").exists());
}

#[test]
fn limits_print_their_table_and_reviews_name_their_report() {
    let clinic = Clinic::new();
    clinic.0.write("limits.json", r#"[{ "measure": "auc", "min": 0.8 }]"#);
    let report = |auc: f64| {
        format!(r#"{{"assessments": [{{"discrimination": {{"auc": {{"auc": {auc}}}}}}}]}}"#)
    };
    clinic.0.write("low.json", report(0.7));
    clinic.0.write("high.json", report(0.9));
    clinic.ok("tara", "register risk m.nomo --evaluation low.json --limits limits.json");
    clinic.fails("ana", "approve risk@1", "refused (report)");
    let approved = clinic.ok("ana", "approve risk@1 --report low.json");
    assert!(approved.contains("0.7000") && approved.contains("outside"), "{approved}");
    clinic.ok("ben", "approve risk@1 --report low.json");
    clinic.fails("ana", "move risk@1 approved", "refused (limits)");
    clinic.ok("tara", "evaluate risk@1 high.json");
    clinic.fails("ana", "move risk@1 approved", "refused (approvals): found 0 approvals");
    clinic.ok("ana", "approve risk@1 --report high.json");
    clinic.ok("ben", "approve risk@1 --report high.json");
    clinic.ok("ana", "move risk@1 approved");
}

#[test]
fn versions_differ_by_what_was_registered_and_by_their_bundles() {
    let clinic = Clinic::in_use();
    clinic.0.write("other.nomo", nomogram_testkit::bundle_of_policies());
    clinic.ok("tara", "register risk other.nomo --parent 1 --tag ward=3");
    let diff = clinic.ok("", "diff risk@1 risk@latest");
    assert!(diff.contains("stage: \"approved\" → \"candidate\""), "{diff}");
    assert!(diff.contains("features"), "{diff}");
    assert_eq!(clinic.ok("", "diff risk@1 risk@1"), "no difference\n");
}

#[test]
fn proofs_and_audits_need_no_trust() {
    let clinic = Clinic::in_use();
    clinic.fails("", "prove 7 -o p.tlog-proof", "no checkpoint covers it");
    let checkpoint = clinic.ok("olga", "checkpoint");
    clinic.0.write("kept.checkpoint", &checkpoint);
    assert!(checkpoint.starts_with("registry.example/risk\n12\n"), "{checkpoint}");
    clinic.ok("", "prove 8 -o p.tlog-proof");
    let statement = clinic.ok("", "verify-proof p.tlog-proof --public-key olga.pub.pem");
    assert!(statement.contains("\"approve\""), "{statement}");
    clinic.fails("", "verify-proof p.tlog-proof --public-key ana.pub.pem", "did not sign it");
    let audit = clinic.ok("", "audit --checkpoint kept.checkpoint");
    assert!(audit.contains("12 entries") && audit.contains("0 findings"), "{audit}");
    assert!(audit.starts_with("identity "), "{audit}");
    let log = clinic.0.path("models/log/0000000000000011.json");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    clinic.fails("", "list", "the log was rolled back");
    std::fs::write(&log, bytes).unwrap();
    let tile = clinic.0.path("models/tile/0/000.p/12");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    let run = clinic.run("", "audit");
    assert!(run.code == 1 && run.stdout.contains("FAILED tile/0/000.p/12"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let clinic = Clinic::new();
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(clinic.0.path("ana.pem"), mode).unwrap();
    clinic.fails("ana", "approve risk@1", "chmod 600");
}

/// The demo of `examples/registry`: a shell, OpenSSL and the program.
#[test]
fn the_demo_runs_to_its_end() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: there is no openssl");
        return;
    }
    let folder = Folder::new();
    folder.write("m.nomo", nomogram_testkit::bundle_of_three_members());
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_nomogram"));
    let mut path = program.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/registry/demo.sh");
    let out = Command::new("sh").arg(demo).arg(folder.path("m.nomo")).env("PATH", path).output();
    let run = Run::of(&out.unwrap()).ok();
    assert!(run.stdout.ends_with("refused, as it should be\n"), "{run:?}");
}
