//! Parquet and Arrow: what typed cells are, damaged files, and refused rows.

use std::fs;
use std::path::Path;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};

use crate::folder::{Folder, column_of, parquet, parquet_of};
use crate::tables::CONFIG;

#[test]
fn a_refusal_shows_what_a_typed_cell_is() {
    let folder = Folder::with_model();
    let cases: [(ArrayRef, &str); 6] = [
        (
            column_of(StringArray::from(vec!["61.1"])),
            "found text `61.1`, expected a number, unit `mg`",
        ),
        (
            column_of(UInt64Array::from(vec![u64::MAX])),
            "found the whole number 18446744073709551615, expected a whole number of at most 2^53",
        ),
        (
            column_of(Int64Array::from(vec![9_007_199_254_740_993])),
            "found the whole number 9007199254740993, expected a whole number of at most 2^53",
        ),
        (column_of(Float64Array::from(vec![f64::NAN])), "found the number NaN, expected a finite"),
        (column_of(BooleanArray::from(vec![true])), "found the boolean true, expected a number"),
        (column_of(Date32Array::from(vec![0])), "found the date 1970-01-01, expected a number"),
    ];
    for (array, message) in cases {
        folder.write("t.parquet", parquet(vec![("dose", array)]));
        folder.fails("predict m.nomo t.parquet", "t.parquet: row 1: feature `dose`: ");
        folder.fails("predict m.nomo t.parquet", message);
    }
}

#[test]
fn damaged_columnar_files_are_refused_without_a_panic() {
    let folder = Folder::with_model();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nomogram-table/tests/data");
    for name in ["parquet-crc-bitflip.parquet", "panics.parquet", "panics.arrow"] {
        fs::copy(data.join(name), folder.path(name)).unwrap();
        folder.write("c.yaml", CONFIG);
        folder.fails(&format!("validate c.yaml {name}"), &format!("{name}: cannot be read as"));
    }
}

/// A table of every kind of column: some are features, others are ignored.
fn typed_rows() -> Vec<(&'static str, ArrayRef)> {
    let seen = TimestampNanosecondArray::from(vec![1_709_211_900_123_456_789, 0]);
    let price = Decimal128Array::from(vec![1250, 7]).with_precision_and_scale(10, 2).unwrap();
    vec![
        ("dose", column_of(Float64Array::from(vec![5.0, f64::NAN]))),
        ("age", column_of(Float64Array::from(vec![Some(40.5), None]))),
        ("note", column_of(StringArray::from(vec![Some("a, \"b\""), None]))),
        ("born", column_of(Date32Array::from(vec![19_782, -1]))),
        ("seen", column_of(seen.with_timezone("+01:00"))),
        ("price", column_of(price)),
        ("scan", column_of(BinaryArray::from(vec![b"x".as_slice(), b"y"]))),
    ]
}

#[test]
fn refused_rows_of_a_typed_file_keep_what_their_cells_hold() {
    let folder = Folder::with_model();
    folder.write("t.parquet", parquet(typed_rows()));
    let run =
        folder.run("predict m.nomo t.parquet --ignore-other-columns --bad-rows bad.csv -o o.csv");
    assert_eq!(run.code, 3, "{run:?}");
    let expected = "row,status,feature,reason,dose,age,note,born,seen,price\n\
        2,value_nan,dose,\"found the number NaN, expected a finite number, unit `mg`\",\
        NaN,,,1969-12-31,1970-01-01T00:00:00Z,0.07\n";
    assert_eq!(folder.read("bad.csv"), expected);
    // What CSV cannot hold is not replaced by something else.
    let kept = folder.run(
        "predict m.nomo t.parquet --keep scan -o o.parquet --bad-rows bad.csv \
                           --ignore-other-columns",
    );
    kept.fails_with(2, "column `scan` is of type Binary, which the CSV file of --bad-rows cannot");
}

#[test]
fn two_units_of_a_column_are_refused() {
    let folder = Folder::with_model();
    let of_unit = |name: &str, unit: &str| {
        let field = Field::new(name, DataType::Float64, true);
        field.with_metadata([("unit", unit)])
    };
    let dose = Field::new("dose", DataType::Float64, true);
    let schema = Schema::new(vec![of_unit("age [a]", "mo"), dose]);
    let numbers = || column_of(Float64Array::from(vec![40.0]));
    let batch = RecordBatch::try_new(schema.into(), vec![numbers(), numbers()]).unwrap();
    folder.write("t.parquet", parquet_of(&batch));
    let message = "t.parquet: column `age [a]`: unit `a` in its name, but `mo` in its metadata";
    folder.fails("predict m.nomo t.parquet", message);
    let config = CONFIG.replace("name: alter", "name: age, unit: a");
    folder.write("c.yaml", config);
    folder.fails("validate c.yaml t.parquet", "unit `a` in its name, but `mo` in its metadata");
}

#[test]
fn findings_of_a_file_without_lines_are_counted_in_rows() {
    let folder = Folder::with_patients(40, "");
    let stage = column_of(StringArray::from(vec!["I", "IV"]));
    let died = column_of(StringArray::from(vec!["no", "yes"]));
    folder.write("t.parquet", parquet(vec![("stage", stage), ("died", died)]));
    folder.write(
        "c.yaml",
        CONFIG.replace(
            "gestorben, negative: \"nein\", positive: \"ja\"",
            "died, negative: \"no\", positive: \"yes\"",
        ),
    );
    let run = folder.run("validate c.yaml t.parquet");
    assert!(run.stdout.contains("column") && run.stdout.contains(" rows "), "{}", run.stdout);
    assert!(!run.stdout.contains(" lines "), "{}", run.stdout);
    folder.write("t.csv", "stage,died\nI,no\nIV,yes\n");
    let run = folder.run("validate c.yaml t.csv --decimal-mark . --delimiter ,");
    assert!(run.stdout.contains(" lines "), "{}", run.stdout);
    let report = folder.run("validate c.yaml t.parquet --json").stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["places"], "rows");
}
