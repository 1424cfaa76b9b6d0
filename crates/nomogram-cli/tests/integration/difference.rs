//! `diff --data`: rows that a bundle refuses.

use crate::folder::{Folder, column_of, parquet};

const HEADER: &str = "age,visits,smoker,stage,dose";

/// Each line is `rows → exit code: message; message`, rows are separated by `/`. All messages are
/// printed, those of a success on standard output.
#[test]
fn refused_rows_are_counted_and_the_first_one_is_named() {
    let folder = Folder::with_model();
    let cases = "
        40,3,1,II,5/50,4,0,I,6 → 0: 2 rows, 2 compared; 2 with the same bits
        40,3,1,II,5/50,4,0,I,x/60,5,0,I,y → 0: 3 rows, 1 compared; 2 refused by both; the first of them: line 3: feature `dose`: found `x`, expected a number, unit `mg`
        40,3,1,II,x → 1: t.csv: line 2: feature `dose`: found `x`
        40,3,1,II,x/40,3,1,II,-inf → 1: t.csv: line 2: feature `dose`: found `x`
        40,3,1,II,5/40,3,1,II → 1: t.csv: line 3: found 4 cells, expected 5
        40,3,1,II,5/40,3,1,II,5, → 1: t.csv: line 3: found 6 cells, expected 5
        40,3,1,II,x/40 → 1: t.csv: line 3: found 1 cell, expected 5";
    for case in cases.lines().map(str::trim).filter(|case| !case.is_empty()) {
        let (rows, expected) = case.split_once(" → ").unwrap();
        let (code, messages) = expected.split_once(": ").unwrap();
        folder.write("t.csv", format!("{HEADER}\n{}\n", rows.replace('/', "\n")));
        let run = folder.run("diff m.nomo m.nomo --data t.csv");
        assert_eq!(run.code.to_string(), code, "{case}: {run:?}");
        let printed = if run.code == 0 { &run.stdout } else { &run.stderr };
        for message in messages.split("; ") {
            assert!(printed.contains(message), "{case}: {printed}");
        }
    }
}

#[test]
fn typed_cells_are_refused_as_what_they_are() {
    use arrow_array::{BooleanArray, Float64Array, StringArray, UInt64Array};

    let folder = Folder::with_model();
    let known = || column_of(Float64Array::from(vec![5.0, 6.0]));
    let cases = [
        (
            column_of(StringArray::from(vec!["61.1", "7"])),
            "row 1: feature `dose`: found text `61.1`",
        ),
        (column_of(BooleanArray::from(vec![true, false])), "found the boolean true"),
        (
            column_of(UInt64Array::from(vec![u64::MAX, 1])),
            "the first of them: row 1: feature `dose`: found the whole number 18446744073709551615",
        ),
    ];
    for (array, message) in cases {
        folder.write("t.parquet", parquet(vec![("dose", array), ("age", known())]));
        let run = folder.run("diff m.nomo m.nomo --data t.parquet");
        let printed = format!("{}{}", run.stdout, run.stderr);
        assert!(printed.contains(message), "{message}: {printed}");
    }
}
