//! Counts of periods: written by predictions, added, and analysed.

use std::fmt::Write as _;
use std::fs;

use crate::folder::Folder;

/// With the bundle `m.nomo`, which has a profile.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("m.nomo", nomogram_testkit::bundle_with_profile());
    folder
}

/// Rows as in the profile, but for a radius that is moved by `shift`.
fn table(n_rows: u32, shift: f64) -> String {
    let mut text = String::from("id,radius,texture,perimeter\n");
    for row in 0..n_rows {
        let [a, b, c] = nomogram_testkit::usual_row(row);
        writeln!(text, "{row},{},{b},{c}", a + shift).unwrap();
    }
    text
}

#[test]
fn counts_do_not_depend_on_threads_or_on_the_order_of_adding() {
    let folder = folder();
    folder.write("a.csv", table(3000, 0.0));
    folder.write("b.csv", table(200, 0.0));
    for threads in [1, 4] {
        folder.ok(&format!(
            "predict m.nomo a.csv --id id -o p.csv --monitor {threads}.counts --threads {threads}"
        ));
    }
    let bytes = |name: &str| fs::read(folder.path(name)).unwrap();
    assert_eq!(bytes("1.counts"), bytes("4.counts"));
    folder.ok("predict m.nomo b.csv --id id -o p.csv --monitor b.counts");
    folder.ok("monitor merge m.nomo 1.counts b.counts -o sum.counts");
    folder.ok("monitor merge m.nomo b.counts 1.counts -o other.counts");
    assert_eq!(bytes("sum.counts"), bytes("other.counts"));
    let analysis = folder.json("monitor report m.nomo sum.counts --horizon 10");
    assert_eq!(analysis["periods"][0]["n_rows"], 3200);
    folder.ok("monitor merge m.nomo b.counts -o rounded.counts --rounding 1000");
    let analysis = folder.json("monitor report m.nomo rounded.counts --horizon 10");
    assert_eq!(analysis["periods"][0]["n_rows"], 0);
}

#[test]
fn a_shift_is_an_alarm_with_an_exit_code_of_its_own() {
    let folder = folder();
    let mut weeks = String::new();
    for week in 1..=12 {
        folder.write("t.csv", table(60, if week < 7 { 0.0 } else { 20.0 }));
        folder.ok(&format!("predict m.nomo t.csv --id id -o p.csv --monitor week-{week}.counts"));
        write!(weeks, " week-{week}.counts").unwrap();
    }
    let quiet = folder.ok("monitor report m.nomo week-1.counts week-2.counts --horizon 52");
    assert!(quiet.contains("drift: no alarm"), "{quiet}");
    let run = folder.run(&format!(
        "monitor report m.nomo {weeks} --horizon 52 --html w.html --prometheus w.prom"
    ));
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.stdout.contains("drift: ALARM") && run.stdout.contains("radius"), "{run:?}");
    let page = folder.read("w.html");
    assert!(page.contains("Patients have changed") && page.contains("<svg"), "{page}");
    let text = folder.read("w.prom");
    assert!(text.contains("nomogram_drift_alarm{model=") && text.contains("} 1\n"), "{text}");
    for name in ["share", "psi", "wasserstein"] {
        let radius = text.lines().find(|line| {
            line.starts_with(&format!("nomogram_drift_{name}{{"))
                && line.contains("variable=\"radius\"} ")
        });
        let value = radius.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        assert!(value.is_some_and(|value| value > 0.0), "{name}: {text}");
    }
    folder.fails(&format!("monitor report m.nomo {weeks} --horizon 3"), "the horizon is over");
}

#[test]
fn outcomes_that_contradict_the_risks_are_an_alarm() {
    let folder = folder();
    let mut known = String::from("risk,diagnosis\n");
    for row in 0..300 {
        writeln!(known, "0.1,{}", if row % 2 == 0 { "M" } else { "B" }).unwrap();
    }
    folder.write("known.csv", known);
    let outcomes = "monitor outcomes m.nomo known.csv --probability risk --outcome diagnosis";
    folder.ok(&format!("{outcomes} -o o.counts"));
    let run = folder.run("monitor report m.nomo o.counts --horizon 4 --html o.html");
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.stdout.contains("outcomes: ALARM in o"), "{run:?}");
    let page = folder.read("o.html");
    assert!(page.contains("risk-adjusted CUSUM") && page.contains("outcomes on average"), "{page}");
    // 150 of 300 at a risk of 0.1, in one period: odds of 1 instead of 1 to 9.
    let change = "Since then 150 of 300 patients had the event, and the odds were 9.00 times those";
    assert!(page.contains(change) && page.contains("Brier score"), "{page}");
    // ½ · .81 + ½ · .01.
    assert!(page.contains("<td>0.410</td>"), "{page}");
    folder.write("known.csv", "risk,diagnosis\n1.5,M\n");
    folder.fails(&format!("{outcomes} -o o.counts"), "[0, 1]");
    folder.write("known.csv", "risk,diagnosis\n0.5,X\n");
    folder.fails(&format!("{outcomes} -o o.counts"), "one of B, M");
}

#[test]
fn counts_of_another_bundle_or_a_bundle_without_a_profile_are_refused() {
    let folder = folder();
    folder.write("none.nomo", nomogram_testkit::bundle_of_three_members());
    folder.write("t.csv", table(5, 0.0));
    folder.fails("predict none.nomo t.csv --id id --monitor a.counts -o p.csv", "no profile");
    folder.write("bad.counts", "no counts");
    folder.fails("monitor report m.nomo bad.counts --horizon 4", "not counters");
    folder.fails("monitor merge none.nomo bad.counts -o c.counts", "no profile");
}
