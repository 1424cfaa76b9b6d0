//! `nomogram explain` and `nomogram predict --explain`.

use nomogram_testkit::{bundle_of_three_members, explained_bundle};

use crate::folder::Folder;

const ROWS: &str = "id,radius,texture,perimeter\na,14.5,19,92\nb,20.5,24,130\n";

fn folder() -> Folder {
    let folder = Folder::with_model();
    folder.write("e.nomo", explained_bundle());
    folder.write("bare.nomo", bundle_of_three_members());
    folder.write("t.csv", ROWS);
    folder
}

#[test]
fn values_of_a_row_add_up_to_its_prediction() {
    let folder = folder();
    for options in ["", "--method permutations --pairs 3", "--margin", "--class B"] {
        let json = folder.ok(&format!("explain e.nomo t.csv --id id --json {options}"));
        let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(rows.as_array().unwrap().len(), 2);
        for row in rows.as_array().unwrap() {
            let values = row["values"].as_object().unwrap();
            let sum: f64 = values.values().map(|value| value.as_f64().unwrap()).sum();
            let gap = row["base"].as_f64().unwrap() + sum - row["prediction"].as_f64().unwrap();
            assert!(gap.abs() < 1e-12, "{options}: {row}");
            let has_errors = row["std_errors"].is_object();
            assert_eq!(has_errors, options.contains("permutations"), "{options}: {row}");
        }
    }
    let text = folder.ok("explain e.nomo t.csv --id id --rows 1");
    assert!(text.starts_with("row a: probability ") && text.contains("(exact)"), "{text}");
    assert!(text.contains("base") && text.contains("size") && !text.contains("row b"), "{text}");
}

#[test]
fn a_table_is_explained_beside_its_predictions() {
    let folder = folder();
    let plain = folder.ok("predict e.nomo t.csv --id id");
    let explained = folder.ok("predict e.nomo t.csv --id id --explain --threads 2");
    let cells = |text: &str, row: usize| -> Vec<String> {
        text.lines().nth(row).unwrap().split(',').map(Into::into).collect()
    };
    let header = "id,probability_B,probability_M,class,base,value_size,value_texture,status";
    assert_eq!(explained.lines().next().unwrap(), header);
    for row in 1..3 {
        let (plain, explained) = (cells(&plain, row), cells(&explained, row));
        assert_eq!(plain[..4], explained[..4]);
        let number = |at: usize| explained[at].parse::<f64>().unwrap();
        assert!((number(4) + number(5) + number(6) - number(2)).abs() < 1e-12);
    }
    let sampled = folder.ok("predict e.nomo t.csv --id id --explain --method permutations");
    assert!(sampled.lines().next().unwrap().contains("std_error_texture"), "{sampled}");
}

#[test]
fn what_cannot_be_explained_is_refused_with_the_reason() {
    let folder = folder();
    folder.fails("explain bare.nomo t.csv --id id", "the bundle has no background rows");
    folder.fails("explain e.nomo t.csv --id id --member x", "the model has no member `x`");
    folder.fails("explain e.nomo t.csv --id id --class x", "the model has no class `x`");
    folder.fails("predict bare.nomo t.csv --id id --explain", "no background rows");
}
