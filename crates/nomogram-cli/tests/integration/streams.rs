//! Standard streams and pipes as outputs.

use std::fs;
use std::io::Read;
use std::process::Command;

use crate::folder::Run;
use crate::shell::{HEADER, Shell};

#[test]
fn streams_are_written_directly() {
    let folder = Shell::new();
    let table = folder.sh("nomogram predict m.nomo p.csv").ok().stdout;
    assert!(table.starts_with("probability_"));
    for output in ["-", "/dev/stdout", "/dev/fd/1"] {
        let run = folder.sh(&format!("nomogram predict m.nomo p.csv -q -o {output}")).ok();
        assert_eq!((run.stdout, run.stderr.as_str()), (table.clone(), ""), "{output}");
        // What is in the file already stays there.
        folder.write("log", "before\n");
        folder.sh(&format!("nomogram predict m.nomo p.csv -o {output} >> log")).ok();
        assert_eq!(folder.read("log"), format!("before\n{table}"), "{output}");
    }
    let run = folder.sh("nomogram predict m.nomo p.csv -q -o /dev/stderr").ok();
    assert_eq!((run.stdout.as_str(), run.stderr), ("", table.clone()));
    folder.sh("nomogram predict m.nomo p.csv -o /dev/null --bad-rows /dev/null").ok();

    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    let child = folder.start("predict m.nomo p.csv -o pipe");
    let mut received = String::new();
    fs::File::open(folder.path("pipe")).unwrap().read_to_string(&mut received).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(received, table);
    assert!(folder.part_files().is_empty());
}

#[test]
fn nothing_is_printed_between_the_bytes_of_an_output() {
    let folder = Shell::with_trained();
    for script in ["nomogram train c.yaml t.csv -o -", "nomogram train c.yaml t.csv -o /dev/stdout"]
    {
        folder.sh(&format!("{script} > piped.nomo")).ok();
        let piped = fs::read(folder.path("piped.nomo")).unwrap();
        assert!(piped == fs::read(folder.path("b.nomo")).unwrap(), "{script}");
    }
    let run = folder.sh("nomogram train c.yaml t.csv -q -o - --json 2>&1 > /dev/null").ok();
    let printed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(printed["bundle"], "-");
    folder.sh("nomogram verify piped.nomo").ok();
}

#[test]
fn a_reader_that_leaves_does_not_cost_a_file() {
    let folder = Shell::with_trained();
    let mut child = folder.start("train c.yaml t.csv -q -o new.nomo --report r.html");
    drop(child.stdout.take());
    let run = Run::of(&child.wait_with_output().unwrap()).ok();
    assert_eq!(run.stderr, "");
    assert!(folder.path("new.nomo").exists() && folder.path("r.html").exists());

    // A table that was not read to its end is no reason to write its refused rows.
    let rows: String = std::iter::repeat_n("50,1,0,I,5\n", 50_000).collect();
    folder.write("long.csv", format!("{HEADER}{rows}"));
    let mut child = folder.start("predict m.nomo long.csv --bad-rows w.csv");
    drop(child.stdout.take());
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("standard output: closed by its reader"), "{run:?}");
    assert!(!folder.path("w.csv").exists());
}
