//! Counts the instructions of predictions with callgrind, and compares them with a budget.
//!
//! Counts do not depend on how busy the machine is. They depend on the vector instructions: valgrind has
//! those up to AVX2, so that is what is counted. What is counted is one call of the C library as it is
//! installed; opening the model is not.

use std::path::Path;
use std::process::Command;

use crate::files::{create_folder, read, write};
use crate::folders::{root, target};
use crate::run::{is_there, output, run, skip};
use crate::{arguments, builds, demo};

/// How much a count may exceed its budget: compilers differ.
const SLACK_PERCENT: u64 = 5;

const BUDGET: &str = "benches/instructions/budget.txt";

/// A way of predicting: its name, the suffix of its rows, their number, and the function that is counted.
const WAYS: [(&str, &str, u64, &str); 3] = [
    ("one row", "one", 1, "nomo_session_predict_row"),
    ("1,024 rows", "many", 1024, "nomo_session_predict_matrix"),
    ("1,024 rows, 2% missing", "missing", 1024, "nomo_session_predict_matrix"),
];

/// The instructions per row of a model, predicted in one way.
#[derive(Clone, Debug, PartialEq)]
struct Count {
    model: String,
    way: String,
    per_row: u64,
}

/// Counts every model of the benchmarks; `--update` records the counts as the budget.
pub(crate) fn instructions() -> Result<(), String> {
    let is_update = arguments::has_flag("--update")?;
    if !is_there("valgrind") {
        return skip("valgrind is not installed: apt-get install valgrind");
    }
    if !has_avx2() {
        return skip("this processor has no AVX2, which the budget was counted with");
    }
    let folder = target().join("instructions");
    demo::copy_library(&builds::c_library()?, &folder)?;
    let program = demo::compile(&root().join("benches/instructions/predict.c"), &folder)?;
    let rows = folder.join("rows");
    create_folder(&rows)?;
    let models = output(Command::new(builds::development("shapes")?).arg(&rows))?;
    let mut counts = Vec::new();
    for (index, model) in models.lines().enumerate() {
        for (way, suffix, n_rows, function) in WAYS {
            let numbers = rows.join(format!("{index}_{suffix}.f64"));
            if !numbers.exists() {
                // The model refuses missing values.
                continue;
            }
            let arguments = [rows.join(format!("{index}.nomo")), numbers];
            let n = count(&program, function, &arguments, n_rows, &folder.join("callgrind.log"))?;
            println!("{model} | {way} | {} instructions per row", n / n_rows);
            let (model, way) = (model.to_owned(), way.to_owned());
            counts.push(Count { model, way, per_row: n / n_rows });
        }
    }
    if is_update {
        return write(&root().join(BUDGET), &table(&counts));
    }
    compare(&counts, &parse(&read(&root().join(BUDGET))?)?)?;
    println!("{} counts are within the budget", counts.len());
    Ok(())
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

/// The instructions of one call of `function`, with all that it calls.
fn count(
    program: &Path,
    function: &str,
    arguments: &[impl AsRef<std::ffi::OsStr>],
    n_rows: u64,
    log: &Path,
) -> Result<u64, String> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--cache-sim=no", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(format!("--log-file={}", log.display()));
    valgrind.arg(format!("--toggle-collect={function}"));
    // Otherwise the linker looks functions up within the call that is counted.
    run(valgrind.arg(program).args(arguments).arg(n_rows.to_string()).env("LD_BIND_NOW", "1"))?;
    collected(&read(log)?).ok_or_else(|| format!("{}: no count", log.display()))
}

/// The number that callgrind reports at its end, unless it is 0.
fn collected(log: &str) -> Option<u64> {
    let (_, number) = log.lines().find_map(|line| line.split_once("Collected :"))?;
    number.trim().parse().ok().filter(|count| *count > 0)
}

/// The budget as it is committed.
fn table(counts: &[Count]) -> String {
    let mut text = String::from(
        "# Instructions per row through the C interface, with AVX2, as callgrind counts them.\n\
         # Made by `cargo xtask instructions --update`; `cargo xtask instructions` allows 5% more.\n",
    );
    for Count { model, way, per_row } in counts {
        text.push_str(&format!("{model} | {way} | {per_row}\n"));
    }
    text
}

fn parse(table: &str) -> Result<Vec<Count>, String> {
    let lines = table.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    let count = |(index, line): (usize, &str)| {
        let mut cells = line.split(" | ");
        let (model, way, per_row) = (cells.next(), cells.next(), cells.next());
        let per_row = per_row.and_then(|number| number.parse().ok());
        match (model, way, per_row, cells.next()) {
            (Some(model), Some(way), Some(per_row), None) => {
                Ok(Count { model: model.to_owned(), way: way.to_owned(), per_row })
            }
            _ => Err(format!(
                "{BUDGET}: line {}: found `{line}`, expected `model | way | count`",
                index + 1
            )),
        }
    };
    lines.map(count).collect()
}

/// Refuses counts above their budget, and counts and budgets without the other.
fn compare(counts: &[Count], budgets: &[Count]) -> Result<(), String> {
    let is_same = |a: &Count, b: &Count| a.model == b.model && a.way == b.way;
    let mut findings = Vec::new();
    for count in counts {
        let Count { model, way, per_row } = count;
        let Some(budget) = budgets.iter().find(|budget| is_same(budget, count)) else {
            findings.push(format!("{model}, {way}: {per_row} instructions per row, no budget"));
            continue;
        };
        let allowed = budget.per_row + budget.per_row * SLACK_PERCENT / 100;
        if *per_row > allowed {
            findings.push(format!(
                "{model}, {way}: {per_row} instructions per row, allowed {allowed} ({} + {SLACK_PERCENT}%)",
                budget.per_row
            ));
        }
    }
    for budget in budgets {
        if !counts.iter().any(|count| is_same(count, budget)) {
            findings.push(format!("{}, {}: a budget, not counted", budget.model, budget.way));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    findings.push(format!("{BUDGET} is made by `cargo xtask instructions --update`"));
    Err(findings.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(list: &[(&str, u64)]) -> Vec<Count> {
        let count = |(model, per_row): &(&str, u64)| Count {
            model: (*model).into(),
            way: "one row".into(),
            per_row: *per_row,
        };
        list.iter().map(count).collect()
    }

    #[test]
    fn a_count_may_exceed_its_budget_by_the_slack() {
        let budgets = counts(&[("forest", 1000), ("network", 400)]);
        assert_eq!(compare(&counts(&[("forest", 1050), ("network", 10)]), &budgets), Ok(()));
        let error = compare(&counts(&[("forest", 1051), ("network", 400)]), &budgets).unwrap_err();
        let expected = "forest, one row: 1051 instructions per row, allowed 1050 (1000 + 5%)\n";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn every_count_has_a_budget_and_every_budget_a_count() {
        let error = compare(&counts(&[("new", 7)]), &counts(&[("gone", 9)])).unwrap_err();
        assert!(error.contains("new, one row: 7 instructions per row, no budget"), "{error}");
        assert!(error.contains("gone, one row: a budget, not counted"), "{error}");
    }

    #[test]
    fn the_budget_is_read_as_it_is_written() {
        let budget = counts(&[("100 trees of depth 3", 4000), ("linear model", 500)]);
        assert_eq!(parse(&table(&budget)), Ok(budget));
        let error = parse("# made\nforest | one row\n").unwrap_err();
        assert!(error.contains("line 2: found `forest | one row`"), "{error}");
    }

    #[test]
    fn the_committed_budget_has_every_way() {
        let budget = parse(&read(&root().join(BUDGET)).unwrap()).unwrap();
        for (way, ..) in WAYS {
            assert!(budget.iter().any(|count| count.way == way && count.per_row > 0), "{way}");
        }
    }

    #[test]
    fn the_count_is_in_the_log_of_callgrind() {
        let log = "==1== \n==1== Events    : Ir\n==1== Collected : 11496\n==1== \n";
        assert_eq!(collected(log), Some(11_496));
        assert_eq!(collected("==1== Collected : 0\n"), None);
        assert_eq!(collected(""), None);
    }
}
