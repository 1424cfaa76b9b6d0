//! Outputs that are refused before a command starts: inputs, other outputs, what cannot be written.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::shell::Shell;

#[test]
fn an_output_that_is_an_input_is_refused_and_both_are_named() {
    let folder = Shell::with_trained();
    symlink("m.nomo", folder.path("link.nomo")).unwrap();
    symlink("link.nomo", folder.path("link-to-link.nomo")).unwrap();
    symlink(".", folder.path("here")).unwrap();
    fs::hard_link(folder.path("t.csv"), folder.path("hard.csv")).unwrap();
    folder.assert_refused(
        2,
        "
        nomogram predict m.nomo p.csv -o m.nomo → --output m.nomo and BUNDLE are the same file
        nomogram predict m.nomo p.csv -o ./m.nomo → --output ./m.nomo and BUNDLE are the same file
        nomogram predict m.nomo p.csv -o $PWD/m.nomo → m.nomo and BUNDLE are the same file
        nomogram predict m.nomo p.csv -o here/m.nomo → --output here/m.nomo and BUNDLE are the same file
        nomogram predict m.nomo p.csv -o link.nomo → --output link.nomo and BUNDLE are the same file
        nomogram predict link-to-link.nomo p.csv -o m.nomo → --output m.nomo and BUNDLE are the same file
        nomogram predict m.nomo p.csv -o p.csv → --output p.csv and INPUT are the same file
        nomogram predict m.nomo p.csv --bad-rows p.csv → --bad-rows p.csv and INPUT are the same file
        nomogram predict m.nomo p.csv -o o.csv --bad-rows m.nomo → --bad-rows m.nomo and BUNDLE are the same file
        nomogram predict m.nomo -o p.csv < p.csv → --output p.csv and INPUT are the same file
        nomogram predict m.nomo - --bad-rows p.csv < p.csv → --bad-rows p.csv and INPUT are the same file
        nomogram predict m.nomo p.csv >> p.csv → standard output and INPUT are the same file
        nomogram predict m.nomo < p.csv >> p.csv → standard output and INPUT are the same file
        nomogram predict m.nomo p.csv -o /dev/stdout >> p.csv → standard output and INPUT are the same file
        nomogram predict m.nomo absent.csv -o absent.csv → --output absent.csv and INPUT are the same file
        nomogram verify m.nomo >> m.nomo → standard output and BUNDLES are the same file
        nomogram train c.yaml t.csv -o c.yaml → --output c.yaml and CONFIG are the same file
        nomogram train c.yaml t.csv -o t.csv → --output t.csv and DATA are the same file
        nomogram train c.yaml hard.csv -o t.csv → --output t.csv and DATA are the same file
        nomogram train c.yaml t.csv -o new.nomo --report r.html --report t.csv → --report t.csv and DATA are the same file
        nomogram train c.yaml t.csv -o new.nomo --tune --journal t.csv → --journal t.csv and DATA are the same file
        nomogram tune c.yaml t.csv -o c.yaml → --output c.yaml and CONFIG are the same file
        nomogram tune c.yaml t.csv -o best.json --journal c.yaml → --journal c.yaml and CONFIG are the same file
        nomogram evaluate b.nomo t.csv --report b.nomo → --report b.nomo and BUNDLE are the same file
        nomogram report b.nomo t.csv -o t.csv --format json → --output t.csv and DATA are the same file
        nomogram recalibrate b.nomo c.yaml t.csv -o b.nomo → --output b.nomo and PARENT are the same file
        nomogram schema infer t.csv -o hard.csv → --output hard.csv and DATA are the same file
        ",
    );
}

#[test]
fn an_output_that_is_another_output_is_refused_and_both_are_named() {
    let folder = Shell::new();
    symlink("new.csv", folder.path("dangling.csv")).unwrap();
    folder.write("log", "kept\n");
    folder.write("old.csv", "kept\n");
    fs::hard_link(folder.path("old.csv"), folder.path("hard.csv")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    folder.assert_refused(
        2,
        "
        nomogram train c.yaml t.csv -o x.json --report x.json → --report x.json and --output are the same file
        nomogram train c.yaml t.csv -o x --report a.html --report ./a.html → --report ./a.html and --report are the same file
        nomogram train c.yaml t.csv -o x --tune --journal x → --journal x and --output are the same file
        nomogram tune c.yaml t.csv -o x --journal ./x → --journal ./x and --output are the same file
        nomogram predict m.nomo p.csv -o o.csv --bad-rows o.csv → --bad-rows o.csv and --output are the same file
        nomogram predict m.nomo p.csv -o new.csv --bad-rows dangling.csv → --bad-rows dangling.csv and --output are the same file
        nomogram predict m.nomo p.csv -o old.csv --bad-rows hard.csv → --bad-rows hard.csv and --output are the same file
        nomogram predict m.nomo p.csv -o pipe --bad-rows ./pipe → --bad-rows ./pipe and --output are the same file
        nomogram predict m.nomo p.csv --bad-rows - → --bad-rows -: another option writes to this stream too
        nomogram predict m.nomo p.csv -o /dev/stdout --bad-rows - → --bad-rows -: another option
        nomogram predict m.nomo p.csv --bad-rows log >> log → --bad-rows log and standard output are the same file
        nomogram train c.yaml t.csv -o log >> log → --output log and standard output are the same file
        ",
    );
    let run = folder.sh("nomogram train c.yaml t.csv -o log 2>> log");
    assert_eq!(run.code, 2, "{run:?}");
    let message = "--output log and standard error are the same file";
    assert!(folder.read("log").starts_with("kept\n") && folder.read("log").contains(message));
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_inputs_are_read() {
    let folder = Shell::new();
    fs::create_dir_all(folder.path("folder/inner")).unwrap();
    symlink("missing/new.csv", folder.path("astray.csv")).unwrap();
    symlink("circle.csv", folder.path("circle.csv")).unwrap();
    // The bundles do not exist: what is reported is reported first.
    folder.assert_refused(
        1,
        "
        nomogram predict no.nomo p.csv -o missing/deep/o.csv → --output missing/deep/o.csv: the folder `missing` does not exist; expected an existing folder
        nomogram predict no.nomo p.csv -o folder/missing/o.csv → the folder `folder/missing` does not exist
        nomogram predict no.nomo p.csv -o o.csv --bad-rows missing/b.csv → --bad-rows missing/b.csv: the folder `missing`
        nomogram predict no.nomo p.csv -o p.csv/o.csv → --output p.csv/o.csv: `p.csv` is not a folder
        nomogram predict no.nomo p.csv -o folder → --output folder: is a folder; expected a file
        nomogram predict no.nomo p.csv -o folder/ → --output folder/: is a folder
        nomogram predict no.nomo p.csv -o new/ → --output new/: is the name of a folder; expected a file
        nomogram predict no.nomo p.csv -o . → --output .: is a folder
        nomogram predict no.nomo p.csv -o astray.csv → --output astray.csv: the folder `missing` does not exist
        nomogram predict no.nomo p.csv -o circle.csv → --output circle.csv: cannot be written
        nomogram predict no.nomo p.csv -o /dev/stdin → --output /dev/stdin: is standard input; expected a file
        nomogram train no.yaml t.csv -o missing/m.nomo → --output missing/m.nomo: the folder `missing`
        nomogram train no.yaml t.csv -o new.nomo --report missing/r.html → --report missing/r.html: the folder
        nomogram train no.yaml t.csv -o new.nomo --tune --journal missing/j → --journal missing/j: the folder
        nomogram train no.yaml t.csv -o new.nomo --tune --journal /dev/null → --journal /dev/null: is a pipe or a device
        nomogram tune no.yaml t.csv -o folder → --output folder: is a folder
        nomogram evaluate no.nomo t.csv --report folder → --report folder: is a folder
        nomogram report no.nomo t.csv -o missing/r.html → --output missing/r.html: the folder
        nomogram recalibrate no.nomo c.yaml t.csv -o folder → --output folder: is a folder
        nomogram schema infer no.csv -o missing/c.yaml → --output missing/c.yaml: the folder
        nomogram man p.csv → p.csv
        ",
    );
    folder.assert_refused(
        2,
        "
        nomogram evaluate no.nomo t.csv --report r.pdf → r.pdf: expected .html
        nomogram report no.nomo t.csv -o r.pdf → r.pdf: expected .html
        nomogram train no.yaml t.csv -o new.nomo --report r.pdf → r.pdf: expected .html
        ",
    );
    if cfg!(target_os = "linux") {
        // No one may create a file there, not even an administrator.
        folder.assert_refused(1, "nomogram predict no.nomo p.csv -o /proc/o.csv → --output /proc/o.csv: cannot be written");
    }
    folder.write("protected.csv", "kept");
    folder.set_mode("protected.csv", 0o444);
    let is_administrator =
        fs::OpenOptions::new().write(true).open(folder.path("protected.csv")).is_ok();
    if !is_administrator {
        folder.assert_refused(1, "nomogram predict no.nomo p.csv -o protected.csv → cannot be written: Permission denied");
    }
}
