//! The service as a process with real sockets and signals.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use nomogram_serve::{AccessConfig, Config, KeyFile, Role, Server, new_key};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

struct Running {
    process: Child,
    address: String,
    folder: PathBuf,
}

impl Running {
    fn start(name: &str, limits: &str) -> Self {
        let bundle = nomogram_testkit::bundle_of_three_members();
        Self::start_with(name, &bundle, &format!("limits: {{{limits}}}\n"))
    }

    fn start_with(name: &str, bundle: &[u8], settings: &str) -> Self {
        let folder = folder(name);
        std::fs::create_dir_all(folder.join("models")).unwrap();
        std::fs::write(folder.join("models/a.nomo"), bundle).unwrap();
        let config =
            format!("listen: 127.0.0.1:0\nlog: log.jsonl\nmodels:\n  folder: models\n{settings}");
        std::fs::write(folder.join("serve.yaml"), config).unwrap();
        let mut program = std::env::current_exe().unwrap();
        program.pop();
        program.pop();
        program.push("examples/embedded");
        let mut process = Command::new(program)
            .arg(folder.join("serve.yaml"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let running = Self { process, address: line.trim().to_owned(), folder };
        running.wait_for("\"listening\"", 1);
        running
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// The whole answer to a request, with headers of its own.
    fn get(&self, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    /// Rows that were predicted since the start.
    fn n_predicted(&self) -> u64 {
        let text = self.get("/metrics", "");
        let line = text.lines().find(|line| line.starts_with("nomogram_rows_predicted_total{"));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log.jsonl")).unwrap_or_default()
    }

    fn wait_for(&self, text: &str, count: usize) {
        loop {
            let log = self.log();
            if log.matches(text).count() >= count {
                break;
            }
            assert!(text != "\"reloaded\"" || !log.contains("reload failed"), "{log}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _killed = self.process.kill();
        let _waited = self.process.wait();
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the service of a test.
fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("nomogram-server-{name}-{}", std::process::id()))
}

/// A stream over TLS to a service whose certificate is one of the test's.
type Secure = rustls::StreamOwned<rustls::ClientConnection, TcpStream>;

fn connect_with_tls(address: &str) -> Secure {
    let mut roots = rustls::RootCertStore::empty();
    for name in ["tls_authority.pem", "tls_other_server.pem"] {
        roots.add(certificate(name)).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    rustls::StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(data(name)).unwrap()
}

/// The certificate that the service showed on a connection.
fn shown(stream: &BufReader<Secure>) -> CertificateDer<'static> {
    stream.get_ref().conn.peer_certificates().unwrap()[0].clone().into_owned()
}

/// The status of an answer; none if the connection was closed before it.
fn predict<S: Read + Write>(stream: &mut BufReader<S>) -> Option<String> {
    let served = nomogram_serve::Served::open(
        &nomogram_testkit::bundle_of_three_members(),
        nomogram_serve::Approval::NotRecorded,
    );
    let served = served.unwrap();
    let names = (0..3).map(|at| served.feature_name(at).unwrap().to_owned());
    let values: Vec<String> = names
        .zip(["17.99", "10.38", "122.8"])
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let body = format!("{{\"features\":{{{}}}}}", values.join(","));
    let head =
        format!("POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.get_mut().write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut status = String::new();
    if stream.read_line(&mut status).ok()? == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(status.split(' ').nth(1)?.to_owned())
}

#[test]
fn nothing_is_lost_over_reloads_and_a_stop_under_load() {
    let mut running = Running::start("load", "");
    let is_stopping = Arc::new(AtomicBool::new(false));
    let n_answers = Arc::new(AtomicU32::new(0));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (address, is_stopping) = (running.address.clone(), Arc::clone(&is_stopping));
            let n_answers = Arc::clone(&n_answers);
            thread::spawn(move || {
                let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
                loop {
                    let was_stopping = is_stopping.load(Ordering::SeqCst);
                    match predict(&mut stream) {
                        Some(status) => assert_eq!(status, "200"),
                        // A connection is closed between two requests only.
                        None => return assert!(was_stopping || is_stopping.load(Ordering::SeqCst)),
                    }
                    n_answers.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for number in 1..=100 {
        running.signal("-HUP");
        running.wait_for("\"reloaded\"", number);
    }
    is_stopping.store(true, Ordering::SeqCst);
    running.signal("-TERM");
    assert!(running.process.wait().unwrap().success());
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    let log = running.log();
    let n_logged = log.matches("\"endpoint\":\"predict\",\"status\":200").count();
    let n_answers = usize::try_from(n_answers.load(Ordering::Relaxed)).unwrap();
    assert!(n_answers > 100, "{n_answers} answers");
    assert_eq!(n_logged, n_answers);
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let running = Running::start("slow", "max_head_seconds: 1");
    let mut stream = TcpStream::connect(&running.address).unwrap();
    stream.write_all(b"POST /predict HTTP/1.1\r\nhost: a\r\nx-").unwrap();
    let mut rest = Vec::new();
    // It ends when the service closes the connection.
    stream.read_to_end(&mut rest).unwrap();
    let mut stream = BufReader::new(TcpStream::connect(&running.address).unwrap());
    assert_eq!(predict(&mut stream).as_deref(), Some("200"));
}

#[test]
fn callers_who_never_finish_do_not_keep_others_out() {
    let running = Running::start("slow-body", "max_seconds: 1, max_head_seconds: 1");
    let begin = |text: &str| {
        let mut stream = TcpStream::connect(&running.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let head = "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{\"features\"";
    let lines = "POST /batch_predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-ndjson\r\n\
                 transfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n";
    let bodies: Vec<_> = (0..50).map(|_| begin(head)).collect();
    let streams: Vec<_> = (0..20).map(|_| begin(lines)).collect();
    let heads: Vec<_> = (0..50).map(|_| begin("POST /predict HTTP/1.1\r\nx-")).collect();
    let mut stream = BufReader::new(TcpStream::connect(&running.address).unwrap());
    assert_eq!(predict(&mut stream).as_deref(), Some("200"));
    for (streams, expected) in [(bodies, "HTTP/1.1 408"), (streams, "HTTP/1.1 408"), (heads, "")] {
        for mut stream in streams {
            let mut answer = [0; 12];
            // The service answers or closes by itself.
            let n_bytes = stream.read(&mut answer).unwrap_or(0);
            assert_eq!(std::str::from_utf8(&answer[..n_bytes]).unwrap(), expected);
        }
    }
    running.wait_for("\"status\":408", 70);
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let running = Running::start("many", "max_connections: 3");
    let kept: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = BufReader::new(TcpStream::connect(&running.address).unwrap());
            assert_eq!(predict(&mut stream).as_deref(), Some("200"));
            stream
        })
        .collect();
    let mut stream = BufReader::new(TcpStream::connect(&running.address).unwrap());
    assert_eq!(predict(&mut stream), None);
    drop(kept);
}

#[test]
fn a_bundle_that_the_policy_of_trust_refuses_never_answers() {
    let running = Running::start("trust", "max_rows: 10");
    let key = nomogram_signing::SecretKey::from_seed(&[7; 32]);
    let bundle = nomogram_testkit::bundle_of_three_members();
    let signed = nomogram_signing::sign_bundle(&bundle, &key, "reviewer", 1000, None).unwrap();
    let hex: String = key.public_key().to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let policy = format!("key {hex} reviewer\nrequire reviewer\n");
    std::fs::write(running.folder.join("trust.txt"), policy).unwrap();
    let status = || {
        let mut stream = BufReader::new(TcpStream::connect(&running.address).unwrap());
        predict(&mut stream).unwrap()
    };
    assert_eq!(status(), "200");

    // The unsigned bundle was served before there was a policy.
    let config = running.folder.join("serve.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}trust_file: trust.txt\n")).unwrap();
    running.signal("-HUP");
    running.wait_for("\"reloaded\"", 1);
    assert_eq!(status(), "503");
    let log = running.log();
    assert!(log.contains("bundle_refused") && log.contains("a.nomo"), "{log}");

    std::fs::write(running.folder.join("models/a.nomo"), signed).unwrap();
    running.signal("-HUP");
    running.wait_for("\"reloaded\"", 2);
    assert_eq!(status(), "200");

    // It cannot be taken away, and what it refuses is gone also when the rest cannot be read.
    std::fs::write(&config, text.as_bytes()).unwrap();
    running.signal("-HUP");
    running.wait_for("cannot take away the policy", 1);
    std::fs::write(&config, format!("{text}trust_file: trust.txt\n")).unwrap();
    std::fs::write(running.folder.join("models/b.nomo"), b"no bundle").unwrap();
    let other = format!(
        "{}revoked {hex}\n",
        std::fs::read_to_string(running.folder.join("trust.txt")).unwrap()
    );
    std::fs::write(running.folder.join("trust.txt"), other).unwrap();
    running.signal("-HUP");
    running.wait_for("reload failed", 2);
    assert_eq!(status(), "503");
}

#[test]
fn a_reload_that_fails_keeps_the_models() {
    let running = Running::start("broken", "");
    std::fs::write(running.folder.join("models/b.nomo"), b"no bundle").unwrap();
    running.signal("-HUP");
    running.wait_for("reload failed", 1);
    let mut stream = BufReader::new(TcpStream::connect(&running.address).unwrap());
    assert_eq!(predict(&mut stream).as_deref(), Some("200"));
}

#[test]
fn a_batch_that_computes_does_not_hold_up_a_stop() {
    let bundle = nomogram_testkit::explained_bundle();
    let settings = "shutdown_seconds: 0\nlimits: {max_body_bytes: 268435456, max_rows: 5000000}\n";
    let mut running = Running::start_with("stop", &bundle, settings);
    let served =
        nomogram_serve::Served::open(&bundle, nomogram_serve::Approval::NotRecorded).unwrap();
    let names: Vec<_> = (0..3).map(|at| served.feature_name(at).unwrap().to_owned()).collect();
    let row = format!("{{\"{}\":17.99,\"{}\":10.38,\"{}\":122.8}}", names[0], names[1], names[2]);
    let rows = vec![row; 1_000_000].join(",");
    let body = format!("{{\"explanation\":true,\"members\":true,\"rows\":[{rows}]}}");
    let mut caller = TcpStream::connect(&running.address).unwrap();
    let head = format!(
        "POST /batch_predict HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    caller.write_all(head.as_bytes()).unwrap();
    caller.write_all(body.as_bytes()).unwrap();
    while running.n_predicted() == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    running.signal("-TERM");
    assert!(running.process.wait().unwrap().success());
    let log = running.log();
    assert!(log.contains("\"stopped\"") && log.contains("\"caller_left\""), "{log}");
}

#[test]
fn a_certificate_that_was_exchanged_is_served_after_a_reload_and_connections_live_on() {
    let files = |server: &str| {
        for (of_test, of_service) in [(".pem", "certificate.pem"), (".key", "key.pem")] {
            let file = data(&format!("{server}{of_test}"));
            std::fs::copy(file, folder("tls").join(of_service)).unwrap();
        }
    };
    std::fs::create_dir_all(folder("tls")).unwrap();
    files("tls_server");
    let settings = "tls: {certificate_file: certificate.pem, key_file: key.pem}\n";
    let bundle = nomogram_testkit::bundle_of_three_members();
    let running = Running::start_with("tls", &bundle, settings);
    let connect = || BufReader::new(connect_with_tls(&running.address));
    let mut before = connect();
    assert_eq!(predict(&mut before).as_deref(), Some("200"));
    assert_eq!(shown(&before), certificate("tls_server.pem"));

    files("tls_other_server");
    running.signal("-HUP");
    running.wait_for("\"reloaded\"", 1);
    let mut after = connect();
    assert_eq!(predict(&mut after).as_deref(), Some("200"));
    assert_eq!(shown(&after), certificate("tls_other_server.pem"));
    assert_eq!(predict(&mut before).as_deref(), Some("200"), "the connection lives on");

    // A certificate that is none leaves the one before.
    std::fs::write(running.folder.join("certificate.pem"), "none").unwrap();
    running.signal("-HUP");
    running.wait_for("\"reload failed\",\"reason\":\"tls: ", 1);
    let mut last = connect();
    assert_eq!(predict(&mut last).as_deref(), Some("200"));
    assert_eq!(shown(&last), certificate("tls_other_server.pem"));
    // Who speaks HTTP without TLS gets no answer.
    let mut plain = BufReader::new(TcpStream::connect(&running.address).unwrap());
    assert_ne!(predict(&mut plain).as_deref(), Some("200"));
}

#[test]
fn an_address_that_others_reach_is_refused_without_keys() {
    let log = "none".to_owned();
    let of_all = Config { listen: "0.0.0.0:0".into(), log, ..Config::default() };
    let fault = Server::check(&of_all, true).unwrap_err();
    assert!(fault.starts_with("listen: 0.0.0.0:0 can be reached from other machines"), "{fault}");
    let of_this = Config { listen: "127.0.0.1:0".into(), ..of_all.clone() };
    assert!(Server::check(&of_this, true).is_ok());

    let keys_file = folder("keys").with_extension("yaml");
    let keys = KeyFile { keys: vec![new_key(&[Role::Predict]).unwrap().1] };
    // JSON is YAML.
    std::fs::write(&keys_file, serde_json::to_string(&keys).unwrap()).unwrap();
    let access = AccessConfig { keys_file: Some(keys_file.clone()), ..AccessConfig::default() };
    let checked = Server::check(&Config { access, ..of_all }, true);
    std::fs::remove_file(keys_file).unwrap();
    assert!(checked.is_ok(), "{checked:?}");
}

#[test]
fn a_reload_puts_keys_into_force_or_names_them() {
    let before = "origins: [https://a.example]\nlimits: {max_rows: 10}\n\
                  trials: {three members: {salt: s, arms: [{version: '1', weight: 1}]}}\n";
    let bundle = nomogram_testkit::bundle_of_three_members();
    let running = Running::start_with("keys", &bundle, before);
    let config = running.folder.join("serve.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let state = || {
        let trials = running.get("/monitor/trials", "");
        let origin = "origin: https://b.example\r\n";
        let allows =
            running.get("/health", origin).contains("access-control-allow-origin: https://b");
        let services = running.get("/cds-services", "");
        (trials.contains("\"weight\":7"), allows, services.contains("\"patient-view\""))
    };
    assert_eq!(state(), (false, false, false));

    // A version that is not served is refused, and nothing changes.
    let after = text.replace("a.example", "b.example").replace("weight: 1", "weight: 7");
    let after = format!("{after}fhir: {{three members: {{}}}}\n");
    std::fs::write(&config, after.replace("version: '1'", "version: '9'")).unwrap();
    running.signal("-HUP");
    running.wait_for("\"reload failed\",\"reason\":\"trials: `three members`: version `9`", 1);
    assert_eq!(state(), (false, false, false));

    std::fs::write(&config, &after).unwrap();
    running.signal("-HUP");
    running.wait_for("\"event\":\"reloaded\"", 1);
    assert_eq!(state(), (true, true, true));
    assert!(!running.log().contains("restart_needed"));

    let changed = after.replace("max_rows: 10", "max_rows: 20");
    std::fs::write(&config, format!("{changed}watch: {{horizon: 3}}\n")).unwrap();
    running.signal("-HUP");
    running.wait_for("\"restart_needed\",\"keys\":\"limits, watch\"", 1);
}
