//! Imported models get uncertainty: `recalibrate` with a configuration without `members`.

use std::fmt::Write as _;

use crate::folder::Folder;

const OF_NUMBER: &str = "
version: with intervals
seed: 1
data: { target: measured, row_id: id, ignored: [ward] }
uncertainty:
  levels: [0.8, 0.9]
  refer: { ambiguous: 0.9, max_width: 10 }
";

/// A folder with the CKD-EPI equation as `parent.nomo`, and 120 rows with a measured rate in `t.csv`.
fn with_numbers() -> Folder {
    let folder = with_equation("ckd_epi_2021.yaml");
    let mut rows = String::from("id,creatinine,age,sex\n");
    for row in 0..120_u32 {
        let sex = ["female", "male"][(row % 2) as usize];
        writeln!(rows, "p{row},{},{},{sex}", 0.5 + f64::from(row % 17) / 8.0, 20 + row % 60)
            .unwrap();
    }
    folder.write("rows.csv", &rows);
    folder.ok(
        "predict parent.nomo rows.csv --id id --keep creatinine --keep age --keep sex -o p.csv",
    );
    let mut table = String::from("id,creatinine,age,sex,ward,measured\n");
    for (row, line) in folder.read("p.csv").lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        let noise = f64::from(u32::try_from(row).unwrap() * 7_919 % 101) / 5.0 - 10.0;
        let measured = cells[4].parse::<f64>().unwrap() + noise;
        writeln!(table, "{},{},{measured}", cells[..4].join(","), row % 3).unwrap();
    }
    folder.write("t.csv", &table);
    folder.write("u.yaml", OF_NUMBER);
    folder
}

fn with_equation(name: &str) -> Folder {
    let folder = Folder::new();
    let equations = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/equations/");
    folder.write("equation.yaml", std::fs::read(format!("{equations}{name}")).unwrap());
    folder.ok("import equation.yaml -o parent.nomo");
    folder
}

#[test]
fn an_imported_model_of_a_number_gets_intervals() {
    let folder = with_numbers();
    let printed = folder.ok("recalibrate parent.nomo u.yaml t.csv -o child.nomo");
    for line in ["120 rows, of which 120 are independent\n", "\ninterval at 0.9: ± ", "\nbundle "]
    {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let inspected = folder.ok("inspect child.nomo");
    for line in ["120 held-out rows", "interval at 0.8", "the interval at 0.9 is wider than 10"] {
        assert!(inspected.contains(line), "{line}: {inspected}");
    }
    let parent = folder.json("inspect parent.nomo");
    let child = folder.json("inspect child.nomo");
    assert_eq!(child["notes"]["parent"], parent["digest"]);
    assert_eq!(child["version"], "with intervals");
    assert_eq!(child["uncertainty"]["n_scores"], serde_json::json!([["egfr", 120]]));
    folder.ok("verify child.nomo");

    let predict = "predict child.nomo t.csv --ignore-other-columns --uncertainty -o out.csv";
    folder.ok(predict);
    let predicted = folder.read("out.csv");
    let header =
        "value,verdict,low_0.8,high_0.8,low_0.9,high_0.9,furthest_feature,furthest_times,status";
    assert_eq!(predicted.lines().next().unwrap(), header);
    assert!(predicted.contains(",refer: ambiguous,"), "{predicted}");

    // The same rows again: the program states that the intervals were fitted to them.
    let run = folder.run("evaluate child.nomo t.csv").ok();
    assert!(run.stderr.contains("was fitted to these rows"), "{}", run.stderr);
    assert!(run.stdout.contains("\nintervals at 0.9: "), "{}", run.stdout);
    assert!(run.stdout.contains("\n0 rows predicted, 120 ambiguous, 0 unlike"), "{}", run.stdout);
    let evaluated = folder.json("evaluate child.nomo t.csv");
    assert_eq!(evaluated["errors"]["n_rows"], 120);
    let covered = evaluated["intervals"][1]["coverage"]["n_with"].as_u64().unwrap();
    assert!((108..=110).contains(&covered), "{covered} of 120 rows that fitted the level 0.9");
    // Without uncertainty, by the same configuration; row ids may be absent.
    let table = folder.read("t.csv");
    let without_id = |line: &str| format!("{}\n", line.split_once(',').unwrap().1);
    folder.write("other.csv", table.lines().map(without_id).collect::<String>());
    let bare = folder.json("evaluate parent.nomo other.csv --config u.yaml");
    assert_eq!(bare["errors"], evaluated["errors"]);
    assert_eq!(bare["intervals"], serde_json::json!([]));

    folder.ok("recalibrate parent.nomo u.yaml t.csv -o again.nomo");
    let read = |name: &str| std::fs::read(folder.path(name)).unwrap();
    assert_eq!(read("child.nomo"), read("again.nomo"));
}

#[test]
fn what_does_not_fit_a_model_of_a_number_is_refused() {
    let folder = with_numbers();
    folder.ok("recalibrate parent.nomo u.yaml t.csv -o child.nomo");
    let training = "model: { name: m, version: '1' }\nmembers: []\n";
    folder.write("training.yaml", training);
    folder.write("few.csv", folder.read("t.csv").lines().take(6).collect::<Vec<_>>().join("\n"));
    for (arguments, code, message) in [
        ("evaluate child.nomo t.csv --test", 2, "are for models that predict classes"),
        ("evaluate child.nomo t.csv --training t.csv", 2, "the model predicts a number"),
        (
            "evaluate parent.nomo t.csv",
            2,
            "the bundle keeps no configuration; name one by --config",
        ),
        ("evaluate child.nomo rows.csv", 1, "no column `measured`"),
        ("recalibrate parent.nomo training.yaml t.csv -o no.nomo", 1, "missing field `data`"),
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.code, code, "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{arguments}: {}", run.stderr);
    }
    let mut program = folder.program("recalibrate parent.nomo u.yaml t.csv -o no.nomo");
    let output = program.env("NOMOGRAM_CONFIG__SEED", "2").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let printed = folder.ok("recalibrate parent.nomo u.yaml few.csv -o few.nomo");
    assert!(printed.contains("interval at 0.9: infinite: too few held-out rows"), "{printed}");
    assert!(!folder.names().contains(&"no.nomo".to_owned()));
}

#[test]
fn an_imported_model_of_classes_gets_sets_and_a_verdict() {
    let folder = with_equation("framingham_cvd_women.yaml");
    let mut table = String::from(
        "age,total_cholesterol,hdl_cholesterol,systolic_pressure,treated_for_pressure,smoker,diabetes,event\n",
    );
    for row in 0..200_u32 {
        let word = |is_yes: bool| ["no", "yes"][usize::from(is_yes)];
        let (age, pressure) = (30 + row % 45, 100 + row * 7 % 90);
        let (treated, smoker, diabetes) =
            (word(row % 3 == 0), word(row % 4 == 0), word(row % 9 == 0));
        let event = word(age + row * 13 % 40 > 80);
        let lipids = format!("{},{}", 150 + row % 100, 30 + row % 50);
        writeln!(table, "{age},{lipids},{pressure},{treated},{smoker},{diabetes},{event}").unwrap();
    }
    folder.write("t.csv", table);
    folder.write(
        "u.yaml",
        "{ version: '2', seed: 1, data: { target: event }, uncertainty: { refer: { ambiguous: 0.9 } } }",
    );
    let child = folder.json("recalibrate parent.nomo u.yaml t.csv -o child.nomo");
    assert_eq!((&child["rows"], &child["independent_rows"]), (&200.into(), &200.into()));
    assert_eq!(child["uncertainty"]["levels"], serde_json::json!([0.9, 0.95]));
    folder.ok("predict child.nomo t.csv --ignore-other-columns --uncertainty -o out.csv");
    let header = folder.read("out.csv").lines().next().unwrap().to_owned();
    for column in ["verdict", "p_value_", "set_0.95", "low_"] {
        assert!(header.contains(column), "{header}");
    }
}
