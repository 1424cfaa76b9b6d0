//! Many writers at once, and stores that do not keep their promise.

use nomogram_registry::{Act, Author, Options, Registry, block_on};
use nomogram_testkit::bundle_of_three_members;

use crate::clinic::{Clinic, key, set_clock};

const N_WRITERS: usize = 8;
const N_ACTS: usize = 6;

/// Eight clients comment on a model at once; returns what they acknowledged.
fn comment_at_once(location: &str, model: &str) -> Vec<(u64, String)> {
    let writer = |number: usize| {
        let registry = block_on(Registry::open(location, Options::default())).unwrap();
        let key = key("rex");
        let mut acknowledged = Vec::new();
        for act in 0..N_ACTS {
            let text = format!("writer {number}, act {act}");
            let author = Author::new(&key).because(text.clone());
            let comment = Act::Comment { model: model.into(), number: None };
            let seq = block_on(registry.append(&author, |_| Ok(comment.clone()))).unwrap();
            acknowledged.push((seq, text));
        }
        acknowledged
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..N_WRITERS).map(|number| scope.spawn(move || writer(number))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn check_all_are_there(location: &str, acknowledged: &[(u64, String)]) {
    let registry = block_on(Registry::open(location, Options::default())).unwrap();
    let statements = registry.statements().unwrap();
    assert_eq!(acknowledged.len(), N_WRITERS * N_ACTS);
    for (seq, text) in acknowledged {
        assert_eq!(&statements[usize::try_from(*seq).unwrap()].reason, text);
    }
    let comments = statements.iter().filter(|statement| statement.act.name() == "comment");
    assert_eq!(comments.count(), acknowledged.len());
    assert!(block_on(registry.audit()).unwrap().findings.is_empty());
}

#[test]
fn eight_writers_on_a_disk_lose_nothing() {
    set_clock("2026-01-05");
    let clinic = Clinic::new();
    clinic.register(bundle_of_three_members(), None).unwrap();
    let acknowledged = comment_at_once(clinic.location(), "risk");
    check_all_are_there(clinic.location(), &acknowledged);
    // A client that was open all the time sees them, too.
    let head = block_on(clinic.registry.refresh()).unwrap();
    assert_eq!(usize::try_from(head.n_entries).unwrap(), 12 + acknowledged.len());
}

/// Needs a server with the interface of S3: see `tests/reference/s3.sh`.
#[cfg(feature = "s3")]
#[test]
#[ignore = "needs a bucket; cargo xtask buckets starts one"]
fn eight_writers_in_a_bucket_lose_nothing() {
    use nomogram_registry::{NewVersion, Role};
    let bucket = std::env::var("NOMOGRAM_TEST_BUCKET").expect("tests/reference/s3.sh sets it");
    let location = format!("{bucket}/writers-{}", std::process::id());
    let administrator = key("olga");
    let author = Author::new(&administrator);
    let founded = Registry::found(&location, "s3.example", "olga", &author, Options::default());
    let registry = block_on(founded).unwrap();
    for act in [
        Act::Person { person: "rex".into(), roles: vec![Role::Reviewer, Role::Trainer] },
        Act::AddKey {
            person: "rex".into(),
            public_key: crate::clinic::public_key("rex"),
            expires: None,
        },
    ] {
        block_on(registry.append(&author, |_| Ok(act.clone()))).unwrap();
    }
    let trainer = key("rex");
    let version = NewVersion {
        model: "risk".into(),
        bundle: bundle_of_three_members().into(),
        ..NewVersion::default()
    };
    block_on(registry.register(&Author::new(&trainer), version)).unwrap();
    let acknowledged = comment_at_once(&location, "risk");
    check_all_are_there(&location, &acknowledged);
    block_on(registry.publish_checkpoint(&administrator)).unwrap();
    let (_, bytes) = block_on(registry.pull(&"risk@1".parse().unwrap())).unwrap();
    assert_eq!(bytes, bundle_of_three_members());
}

/// Needs a server that drops the condition of writes: see `tests/reference/s3.sh`.
#[cfg(feature = "s3")]
#[test]
#[ignore = "needs a bucket; cargo xtask buckets starts one"]
fn a_registry_in_a_careless_bucket_is_refused() {
    let bucket = std::env::var("NOMOGRAM_TEST_BUCKET").expect("tests/reference/s3.sh sets it");
    let location = format!("{bucket}/careless-{}", std::process::id());
    let administrator = key("olga");
    let author = Author::new(&administrator);
    let founded = Registry::found(&location, "s3.example", "olga", &author, Options::default());
    let error = block_on(founded).unwrap_err().to_string();
    assert!(error.contains("ignores the condition `create if absent`"), "{error}");
    let opened = block_on(Registry::open(&location, Options::default())).unwrap_err();
    assert!(opened.to_string().contains("found no registry"), "nothing is written: {opened}");
}

/// Compiles only if a service can call these from any thread of its runtime.
#[test]
fn calls_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync>(_: &T) {}
    let clinic = Clinic::new();
    let (registry, key) = (&clinic.registry, key("tara"));
    let (reference, author) = ("risk@1".parse().unwrap(), Author::new(&key));
    is_shared(registry);
    is_send(&Registry::open("", Options::default()));
    is_send(&registry.refresh());
    is_send(&registry.pull(&reference));
    is_send(&registry.audit());
    is_send(&registry.register(&author, nomogram_registry::NewVersion::default()));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs strace; cargo xtask buckets runs it"]
fn a_writer_that_is_killed_anywhere_loses_nothing() {
    let program = std::env::current_exe().unwrap();
    let writer = program.parent().unwrap().parent().unwrap().join("examples/writer");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/kills.sh");
    let run = std::process::Command::new(script).arg(writer).output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(text.contains("none lost") || text.contains("skipped"), "{text}");
}
