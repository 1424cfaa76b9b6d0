//! The service and what is beside it, as an administrator types it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command};

use nomogram_signing::{SecretKey, sign_bundle};
use nomogram_testkit::bundle_of_three_members;

use crate::folder::Folder;

/// A service that runs in a folder.
struct Service {
    process: Child,
    address: String,
    log: BufReader<ChildStderr>,
}

impl Service {
    fn start(folder: &Folder, arguments: &str) -> Self {
        let mut process = folder.start(&format!("serve {arguments}"));
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on ") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
        }
        let address = line.split("listening on ").nth(1).unwrap().split(';').next().unwrap();
        Self { process, address: address.to_owned(), log }
    }

    /// The whole answer to a request with a body.
    fn post(&self, path: &str, body: &str) -> String {
        self.send("POST", path, body)
    }

    /// The whole answer to a request.
    fn send(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it by SIGTERM; returns what it logged after it began to listen.
    fn stop(mut self) -> String {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        assert!(self.process.wait().unwrap().success(), "{log}");
        log
    }
}

/// A folder with the bundle `m.nomo` of every kind of feature, served to those with the key in `key`, and a table
/// `t.csv` of which some rows are refused and others flagged.
fn folder_with_table() -> Folder {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("models")).unwrap();
    folder.write("models/a.nomo", nomogram_testkit::bundle_of_every_kind());
    let made = folder.json("serve --new-key predict,read");
    folder.write("key", made["key"].as_str().unwrap());
    folder.write("keys.yaml", format!("keys: {}", made["entry"]));
    folder.write(
        "s.yaml",
        "listen: 127.0.0.1:0\nlog: none\nmodels: {folder: models}\naccess: {keys_file: keys.yaml}\n",
    );
    let mut table = String::from("id,age,visits,smoker,stage,dose\n");
    for row in 0..5000_u32 {
        let age = if row % 5 == 4 { String::new() } else { format!("{}.25", 20 + row % 97) };
        let visits = if row % 11 == 10 { "many".to_owned() } else { (row * 7 % 60).to_string() };
        let smoker = ["false", "true"][(row % 2) as usize];
        let stage = ["I", "II", "III", "IV"][(row % 4) as usize];
        let dose = f64::from(row * 31 % 97) * 10.549;
        table.push_str(&format!("{row},{age},{visits},{smoker},{stage},{dose}\n"));
        if row % 1000 == 999 {
            table.push_str("short,row\n");
        }
    }
    folder.write("t.csv", table);
    folder
}

const ROW: &str = r#"{"features": {"radius": 17.99, "texture": 10.38, "perimeter": 22.8}}"#;

fn folder_with_configuration(more: &str) -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("models")).unwrap();
    folder.write("models/a.nomo", bundle_of_three_members());
    folder.write("s.yaml", format!("listen: 127.0.0.1:0\nmodels: {{folder: models}}\n{more}"));
    folder
}

#[test]
fn a_configuration_is_checked_with_all_that_it_names() {
    let folder = folder_with_configuration("");
    assert_eq!(folder.ok("serve --check s.yaml"), "the configuration is right; models: 1\n");
    folder.write("s.yaml", "listen: 127.0.0.1:0\nmodel: {}\n");
    folder.run("serve --check s.yaml").fails_with(2, "s.yaml: line 2, column 1: ");
    folder.write("s.yaml", "models: {folder: nowhere}\n");
    folder.run("serve --check s.yaml").fails_with(2, "nowhere: ");
    folder.write("models/b.nomo", "no bundle");
    folder.run("serve --check --models models").fails_with(2, "b.nomo: ");
}

#[test]
fn one_request_is_answered_and_sigterm_ends_the_service() {
    let folder = folder_with_configuration("");
    let service = Service::start(&folder, "s.yaml");
    let answer = service.post("/predict", ROW);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\"probabilities\""), "{answer}");
    let log = service.stop();
    let events = ["\"endpoint\":\"predict\",\"status\":200", "\"stopping\"", "\"stopped\""];
    let places: Vec<_> = events.iter().map(|event| log.find(event)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{log}");
}

#[test]
fn one_file_trains_a_model_and_serves_it() {
    let members = r#"
model: { name: died, version: "1" }
seed: 5
splits: { folds: { n: 3, by: stratified } }
validation: { n_folds: 3, min_auc: 0.5 }
members:
  - { name: linear, input: scaled, weight: 1.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } } }
combiner: soft_vote
"#;
    let deployment = "deployment: { listen: 127.0.0.1:0, log: none, models: { folder: models } }\n";
    let folder = Folder::with_patients(120, &format!("{members}{deployment}"));
    std::fs::create_dir(folder.path("models")).unwrap();
    folder.ok("train c.yaml t.csv -o models/m.nomo");
    // How it is served does not change what is trained.
    let alone = folder.read("c.yaml").replace(deployment, "");
    folder.write("alone.yaml", alone);
    folder.ok("train alone.yaml t.csv -o alone.nomo");
    let bundle = |name: &str| std::fs::read(folder.path(name)).unwrap();
    assert!(bundle("models/m.nomo") == bundle("alone.nomo"));
    let service = Service::start(&folder, "c.yaml");
    let row = r#"{"features": {"age": 50.5, "stage": "II", "marker": 0.3}}"#;
    let answer = service.post("/models/died/predict", row);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    service.stop();
    folder.write("c.yaml", format!("{members}{deployment}trials: {{}}\n"));
    let fault = "`trials` is beside `deployment`, expected in it";
    folder.run("serve --check c.yaml").fails_with(2, fault);
}

#[test]
fn the_demo_needs_no_configuration() {
    let folder = Folder::new();
    let service = Service::start(&folder, "--demo --listen 127.0.0.1:0");
    let described = service.send("GET", "/models/wdbc", "");
    assert!(described.starts_with("HTTP/1.1 200 OK\r\n"), "{described}");
    let described: serde_json::Value =
        serde_json::from_str(described.split_once("\r\n\r\n").unwrap().1).unwrap();
    let features = described["features"].as_array().unwrap();
    assert_eq!(features.len(), 30);
    let row: serde_json::Map<_, _> = features
        .iter()
        .map(|feature| (feature["name"].as_str().unwrap().to_owned(), 1.into()))
        .collect();
    let answer = service.post("/predict", &serde_json::json!({ "features": row }).to_string());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\"probabilities\""), "{answer}");
    service.stop();
}

#[test]
fn a_service_serves_what_the_policy_of_trust_accepts() {
    let folder = folder_with_configuration("");
    let key = SecretKey::from_seed(&[7; 32]);
    let digits: String = key.public_key().to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    folder.write("trust.txt", format!("key {digits} reviewer\nrequire reviewer\n"));
    let refused = "a.nomo: role `reviewer`: signed by 0 trusted keys, expected 1";
    folder.run("serve --check s.yaml --trust trust.txt").fails_with(2, refused);
    folder.run("serve s.yaml --trust trust.txt").fails_with(2, refused);
    let signed = sign_bundle(&bundle_of_three_members(), &key, "reviewer", 1000, None).unwrap();
    folder.write("models/b.nomo", signed);
    // The unsigned one has the same name and version, and is not in the way.
    folder.run("serve --check s.yaml --trust trust.txt").fails_with(2, refused);
    let service = Service::start(&folder, "s.yaml --trust trust.txt");
    assert!(service.post("/predict", ROW).starts_with("HTTP/1.1 200 OK\r\n"));
    service.stop();
}

#[test]
fn the_decisions_of_a_service_are_verified_and_read() {
    let folder =
        folder_with_configuration("decisions: {folder: decisions, public_key_file: ward.pub}\n");
    folder.ok("decisions new-key ward");
    folder.fails("decisions new-key ward", "ward.pub: exists already");
    let service = Service::start(&folder, "s.yaml");
    for _ in 0..3 {
        service.post("/predict", ROW);
    }
    service.post("/predict", r#"{"features": {"radius": "wide"}}"#);
    service.stop();

    let verified = folder.json("decisions verify decisions");
    assert_eq!((&verified["records"], &verified["segments"]), (&4.into(), &1.into()));
    let head = verified["head"].as_str().unwrap();
    folder.ok(&format!("decisions verify decisions --head {head}"));
    let lines = folder.ok("decisions read decisions --key ward.key");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["caller"], "anonymous");
    assert_eq!(lines[0]["answer"]["predicted"]["outputs"].as_array().unwrap().len(), 2);
    assert_eq!(lines[3]["answer"]["refused"]["status"], "value_type");

    folder.ok("decisions new-key other");
    let other = "decisions read decisions --key other.key -o r.jsonl";
    folder.run(other).fails_with(1, "line 1: segment 1: record 1: the key does not open it");
    assert!(!folder.path("r.jsonl").exists());
    let path = "decisions/00000001.decisions";
    let mut bytes = std::fs::read(folder.path(path)).unwrap();
    let last = bytes.len() - 100;
    bytes[last] ^= 1;
    folder.write(path, &bytes);
    folder.run("decisions verify decisions").fails_with(1, "line 4: segment 1: record 4: ");
    folder.write(path, &bytes[..last - 200]);
    folder.run(&format!("decisions verify decisions --head {head}")).fails_with(1, "expected ");
}

#[test]
fn a_service_predicts_a_table_as_the_bundle_does() {
    let folder = folder_with_table();
    let service = Service::start(&folder, "s.yaml");
    let options = "t.csv --id id --flags --chunk-rows 700";
    let local = folder.run(&format!("predict m.nomo {options} -o local.csv --bad-rows lb.csv"));
    local.fails_with(3, "refused");
    let server = format!("predict --server http://{} --key-file key", service.address);
    let remote = folder.run(&format!("{server} {options} -o remote.csv --bad-rows rb.csv"));
    remote.fails_with(3, "refused");
    assert_eq!(folder.read("remote.csv"), folder.read("local.csv"));
    assert_eq!(remote.stderr, local.stderr, "the summaries");
    // The reasons differ: a service repeats no value.
    let without_reason = |name: &str| -> Vec<String> {
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).from_path(folder.path(name)).unwrap();
        let rows = reader.records().map(|row| {
            let row = row.unwrap();
            let cells = row.iter().enumerate().filter(|(column, _)| *column != 3);
            cells.map(|(_, cell)| cell).collect::<Vec<_>>().join("|")
        });
        rows.collect()
    };
    let (local, remote) = (without_reason("lb.csv"), without_reason("rb.csv"));
    assert_eq!(remote, local);
    assert!(local.iter().any(|row| row.contains("short|row")), "{local:?}");

    // Without a file for refused rows, the first one ends it.
    folder
        .run(&format!("{server} t.csv --id id -o none.csv"))
        .fails_with(1, "line 1002: found 2 cells, expected 6");
    assert!(!folder.path("none.csv").exists());
    service.stop();
}

#[test]
fn a_service_that_refuses_or_cannot_be_reached_is_named() {
    let folder = folder_with_table();
    let service = Service::start(&folder, "s.yaml");
    let server = format!("--server http://{}", service.address);
    let predict = |options: &str| folder.run(&format!("predict {options} -o o.csv"));
    predict(&format!("{server} t.csv --id id")).fails_with(1, "(401, unauthorized)");
    predict(&format!("{server} --key-file key t.csv --id id --model other"))
        .fails_with(1, "(404, unknown_model)");
    predict(&format!("{server} --key-file key t.csv --members")).fails_with(2, "needs a bundle");
    predict(&format!("{server} --key-file key m.nomo t.csv")).fails_with(2, "give the table alone");
    predict("--server localhost t.csv").fails_with(2, "expected an address");
    folder.run("predict").fails_with(2, "<BUNDLE>");
    let address = service.address.clone();
    service.stop();
    predict(&format!("--server http://{address} t.csv --id id")).fails_with(1, &address);
    assert!(!folder.path("o.csv").exists());
}
