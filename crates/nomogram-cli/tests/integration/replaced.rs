//! Files that are replaced: their modes, links and names.

use std::fs;
use std::os::unix::fs::symlink;

use crate::shell::Shell;

#[test]
fn a_replaced_file_keeps_its_mode_and_new_refused_rows_are_private() {
    let folder = Shell::new();
    let predict =
        "umask 022; nomogram predict m.nomo wrong.csv -o o.csv --bad-rows w.csv; test $? = 3";
    folder.sh(predict).ok();
    assert_eq!((folder.mode("o.csv"), folder.mode("w.csv")), (0o644, 0o600));
    for (output, bad_rows) in [(0o600, 0o640), (0o664, 0o644)] {
        folder.set_mode("o.csv", output);
        folder.set_mode("w.csv", bad_rows);
        folder.sh(predict).ok();
        assert_eq!((folder.mode("o.csv"), folder.mode("w.csv")), (output, bad_rows));
    }
    folder.sh("umask 077; nomogram train c.yaml t.csv -o n.nomo --report r.html").ok();
    assert_eq!((folder.mode("n.nomo"), folder.mode("r.html")), (0o600, 0o600));

    // The part file is as private as the file that it replaces, from the beginning.
    folder.set_mode("o.csv", 0o600);
    let mut child = folder.start("predict m.nomo -o o.csv --bad-rows new.csv");
    folder.wait_for_part_files(2);
    let modes: Vec<u32> = folder.part_files().iter().map(|name| folder.mode(name)).collect();
    assert_eq!(modes, [0o600, 0o600]);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let folder = Shell::new();
    fs::create_dir(folder.path("data")).unwrap();
    folder.write("data/old.csv", "old");
    folder.set_mode("data/old.csv", 0o600);
    for (link, target) in
        [("one.csv", "data/old.csv"), ("two.csv", "one.csv"), ("new.csv", "data/new.csv")]
    {
        symlink(target, folder.path(link)).unwrap();
    }
    for output in ["one.csv", "two.csv", "new.csv"] {
        folder.sh(&format!("nomogram predict m.nomo p.csv -o {output}")).ok();
        assert!(folder.path(output).is_symlink(), "{output}");
        assert!(folder.read(output).starts_with("probability_"), "{output}");
    }
    assert_eq!(folder.mode("data/old.csv"), 0o600);
    assert!(!folder.path("data/new.csv").is_symlink());
    assert_eq!(fs::read_dir(folder.path("data")).unwrap().count(), 2);
}

#[test]
fn the_longest_name_of_a_file_is_possible() {
    let folder = Shell::new();
    let name = format!("{}.csv", "o".repeat(251));
    folder.sh(&format!("nomogram predict m.nomo p.csv -o {name}")).ok();
    assert!(folder.read(&name).starts_with("probability_"));
}

#[test]
fn the_pages_of_the_manual_are_written_together() {
    let folder = Shell::new();
    folder.sh("nomogram man pages/man1").ok();
    let pages = folder.contents();
    assert!(pages.contains_key("pages"));
    let names: Vec<_> = fs::read_dir(folder.path("pages/man1")).unwrap().collect();
    assert!(names.len() > 14, "{names:?}");
    // One page cannot be replaced, so none is.
    fs::remove_file(folder.path("pages/man1/nomogram.1")).unwrap();
    fs::create_dir(folder.path("pages/man1/nomogram.1")).unwrap();
    folder.write("pages/man1/nomogram-train.1", "old");
    let run = folder.sh("nomogram man pages/man1");
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("nomogram.1: is a folder; expected a file"), "{run:?}");
    assert_eq!(folder.read("pages/man1/nomogram-train.1"), "old");
}
