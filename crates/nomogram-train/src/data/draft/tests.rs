use std::path::Path;

use nomogram_stats::random::Random;

use super::*;
use crate::Dataset;
use crate::data::{ActionConfig, Check, Kind, Severity, ValidationReport, validate};
use crate::table::DecimalMark;

const TABLE: &str = "\
visit_id,patient,visited,part,smoker,sex,stage,age,creatinine,note,empty,always,died
v1,p1,2024-01-01,train,no,f,II,64,1.25,fine,,x,0
v2,p1,2024-02-01,train,yes,m,I,58,NA,tired,NA,x,1
v3,p2,2024-01-15,test,no,f,III,71,0.9,\"was, well\",,x,0
v4,p3,2024-03-01,test,yes,m,I,44,?,-,,x,1
v5,p3,2024-03-02,test,yes,x,I,44,7.1,better,,x,1
";

fn draft(text: &str, options: &InferOptions) -> Result<Draft, Error> {
    let format = TableFormat::from(options.csv);
    infer_schema(&Table::from_csv("t.csv", text.as_bytes(), &format)?, options)
}

/// The draft of a file whose dialect is detected, and what is found in the same file by the draft.
fn draft_and_validate(bytes: &[u8], target: &str) -> (Draft, ValidationReport) {
    let dialect = Dialect::detect("t.csv", bytes, &DialectOptions::default()).unwrap();
    let table = Table::from_csv("t.csv", bytes, &dialect.format()).unwrap();
    let csv = dialect.csv(Path::new("t.csv"));
    let options = InferOptions { csv, target: Some(target.into()), ..InferOptions::default() };
    let draft = infer_schema(&table, &options).unwrap();
    let read = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
    assert_eq!(read, draft.config);
    let table = Table::from_csv("t.csv", bytes, &read.table_format()).unwrap();
    let report = validate(&table, &read).unwrap();
    assert!(!report.has_errors(), "{report}");
    (draft, report)
}

/// The line of a feature in the YAML of a draft.
fn line<'d>(yaml: &'d str, column: &str) -> &'d str {
    let start = format!("- {{ name: {column},");
    let is_of = |line: &&str| line.trim_start().starts_with(&start);
    yaml.lines().find(is_of).unwrap_or_else(|| panic!("{column}: {yaml}"))
}

#[test]
fn a_draft_says_what_was_seen() {
    let options = InferOptions { max_levels: 3, ..InferOptions::default() };
    let draft = draft(TABLE, &options).unwrap();
    let expected = "\
# Drafted from a table. Check every line: kinds, units, plausible ranges, and whether each
# feature is known before the target.
data:
  missing: [\"\", NA, \"?\", \"-\"]
  row_id: visit_id  # unique, guessed from its name
  patient: patient  # 3 patients, guessed from its name
  time: visited  # dates
  split: part  # guessed from its texts
  target: { column: died, negative: \"0\", positive: \"1\" }  # classes `0`, `1`; check which one is the positive one
  features:
    - { name: smoker, kind: boolean, texts: [\"no\", \"yes\"] }  # two values
    - { name: sex, kind: category, levels: [f, m, x] }  # 3 distinct texts
    - { name: stage, kind: category, levels: [I, II, III] }  # 3 distinct texts
    - { name: age, kind: integer }  # from 44 to 71; set range: [44, 71] if all other values are implausible
    - { name: creatinine, kind: number, policy: { missing: impute } }  # from 0.9 to 7.1; set range: [0.9, 7.1] if all other values are implausible; 2 of 5 missing
  ignored:
    - note  # 4 distinct texts; 1 of 5 missing, such as line 2: `fine`; too many for a category
    - empty  # no values; 5 of 5 missing
    - always  # 1 text; constant
";
    assert_eq!(draft.to_yaml(), expected);
    let read = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
    assert_eq!(read, draft.config);
    let dataset = Dataset::from_csv("t.csv", TABLE.as_bytes(), &read).unwrap();
    assert_eq!(dataset.classes(), [0, 1, 0, 1, 1]);
}

#[test]
fn one_odd_cell_does_not_drop_a_column() {
    let (draft, report) = draft_and_validate(include_bytes!("tests/odd-cell.csv"), "died");
    let yaml = draft.to_yaml();
    let creatinine = line(&yaml, "creatinine");
    assert!(
        creatinine.contains("kind: number, policy: { missing: impute, wrong_type: impute }")
            && creatinine.contains("39 of 40 are numbers; line 6: `<0.3`; imputed"),
        "{creatinine}"
    );
    let of_type: Vec<_> = report.findings.iter().filter(|own| own.check == Check::Type).collect();
    let [finding] = of_type.as_slice() else { panic!("{report}") };
    assert_eq!((finding.severity, &*finding.found), (Severity::Warning, "`<0.3`"));
    assert_eq!(finding.lines, [6]);
}

/// 100 cells that count from 1, of which some are replaced: of the rule, both sides.
#[test]
fn a_column_stays_one_of_numbers_while_odd_cells_are_few() {
    let kind = |n_rows: u32, odd: &dyn Fn(u32) -> Option<String>| {
        let row = |row: u32| {
            let cell = odd(row).unwrap_or_else(|| format!("{row}.5"));
            format!("{cell},{},{}\n", row % 3, ["no", "yes"][(row % 2) as usize])
        };
        let text = format!("x,z,y\n{}", (1..=n_rows).map(row).collect::<String>());
        let (draft, _) = draft_and_validate(text.as_bytes(), "y");
        let x = draft.config.features.iter().find(|feature| feature.name == "x");
        x.map(|feature| (feature.kind, feature.policy.wrong_type))
    };
    let imputed = Some((Kind::Number, ActionConfig::Impute));
    let same = |row: u32| (row <= 10).then(|| "<1".to_owned());
    assert_eq!(kind(100, &same), imputed);
    let one_more = |row: u32| (row <= 11).then(|| "<1".to_owned());
    assert_eq!(kind(100, &one_more), None);
    let different = |row: u32| (row <= 11).then(|| format!("<{row}"));
    assert_eq!(kind(200, &different), None);
    let one = |row: u32| (row == 1).then(|| "low".to_owned());
    assert_eq!(kind(11, &one), imputed);
    assert_eq!(kind(10, &one).map(|(kind, _)| kind), Some(Kind::Category));
}

#[test]
fn a_column_with_too_many_odd_cells_is_ignored_with_the_count_of_its_numbers() {
    let row = |row: usize| {
        let x = if row.is_multiple_of(5) { format!("<{row}") } else { format!("{row}.5") };
        format!("{x},{},{}\n", row % 3, ["no", "yes"][row % 2])
    };
    let text = format!("x,z,y\n{}", (0..100).map(row).collect::<String>());
    let yaml = draft_and_validate(text.as_bytes(), "y").0.to_yaml();
    assert!(
        yaml.contains(
            "- x  # 100 distinct texts; 80 of 100 are numbers, such as line 2: `<0`; too many for a \
             category"
        ),
        "{yaml}"
    );
}

#[test]
fn files_of_every_dialect_give_the_same_draft() {
    let files: [(&[u8], &str); 3] = [
        (
            include_bytes!("tests/decimal-comma.csv"),
            "  csv: { delimiter: \";\", quote: \"\\\"\", encoding: utf-8, decimal_mark: \",\" }\n",
        ),
        (
            include_bytes!("tests/semicolon.csv"),
            "  csv: { delimiter: \";\", quote: \"\\\"\", encoding: utf-8 }\n",
        ),
        (
            include_bytes!("tests/tab.tsv"),
            "  csv: { delimiter: \"\\t\", quote: \"\\\"\", encoding: utf-8 }\n",
        ),
    ];
    let mut others = Vec::new();
    for (bytes, csv) in files {
        let yaml = draft_and_validate(bytes, "died").0.to_yaml();
        assert!(yaml.contains(csv), "{yaml}");
        others.push(yaml.replace(csv, ""));
    }
    assert_eq!(others[0], others[1]);
    assert_eq!(others[1], others[2]);
    let age = line(&others[0], "age");
    assert!(age.starts_with("    - { name: age, kind: number }  # from "), "{age}");
}

#[test]
fn classes_that_differ_only_in_case_are_warned_of() {
    let bytes = include_bytes!("tests/classes-in-three-cases.csv");
    let (draft, report) = draft_and_validate(bytes, "died");
    let yaml = draft.to_yaml();
    let sentences = ["`No`, `no` differ only in case", "`YES`, `Yes`, `yes` differ only in case"];
    for sentence in sentences {
        assert!(yaml.contains(&format!("; {sentence}: are they the same?")), "{yaml}");
        let finding = report.findings.iter().find(|finding| finding.found == sentence).unwrap();
        assert_eq!((finding.severity, finding.check), (Severity::Warning, Check::Spelling));
    }
}

/// A column of 40 rows, by a formula of the row, and what is drafted for it.
#[test]
fn ids_are_not_made_features() {
    type Cell = fn(usize) -> String;
    let cases: [(&str, Cell, &str); 8] = [
        (
            "id",
            |row| format!("a{}", row / 2),
            "patient: id  # 20 distinct values in 40 rows: is it the patient?",
        ),
        (
            "site_id",
            |row| format!("a{}", row % 3),
            "- { name: site_id, kind: category, levels: [a0, a1, a2] }",
        ),
        (
            "subject",
            |row| format!("{}", row / 4),
            "patient: subject  # 10 patients, guessed from its name",
        ),
        (
            "code",
            |row| format!("{}", 9_007_199_254_740_993_u64 + row as u64),
            "row_id: code  # whole numbers beyond 2^53, which a double cannot represent exactly: an id, not a feature",
        ),
        (
            "code",
            |row| format!("{}", 9_007_199_254_740_993_u64 + row as u64 / 2),
            "- code  # whole numbers beyond 2^53",
        ),
        (
            "code",
            |row| format!("99999999999999999999{}", row / 2),
            "- code  # whole numbers beyond 2^53",
        ),
        (
            "order",
            |row| format!("{}", 1040 - row),
            "row_id: order  # consecutive whole numbers, one per row: is it the row number?",
        ),
        (
            "dose",
            |row| format!("{}", row * 2),
            "- { name: dose, kind: integer }  # from 0 to 78; set range: [0, 78] if all other values are implausible; unique in every row: is it an id?",
        ),
    ];
    for (name, cell, expected) in cases {
        let row =
            |row: usize| format!("{},{},{}\n", cell(row), row * 7919 % 13, ["no", "yes"][row % 2]);
        let text = format!("{name},x,died\n{}", (0..40).map(row).collect::<String>());
        let yaml = draft_and_validate(text.as_bytes(), "died").0.to_yaml();
        assert!(yaml.contains(expected), "{name}: {yaml}");
    }
}

#[test]
fn a_column_of_partitions_that_separates_rows_of_a_patient_is_not_the_split() {
    let text = TABLE.replace("v2,p1,2024-02-01,train", "v2,p1,2024-02-01,test");
    let (draft, _) = draft_and_validate(text.as_bytes(), "died");
    assert_eq!(draft.config.split, None);
    let yaml = draft.to_yaml();
    let note = "- part  # names partitions, but patient `p1` has rows in several of them";
    assert!(yaml.contains(note), "{yaml}");
}

/// Cells of the column `x`, by the row, beside one of whole numbers; and the line of the draft.
fn drafted(name: &str, cell: impl Fn(usize) -> String) -> (Draft, String) {
    let row = |row: usize| format!("\"{}\",{},{}\n", cell(row), row % 3, ["no", "yes"][row % 2]);
    let text = format!("{name},z,y\n{}", (0..30).map(row).collect::<String>());
    let (draft, _) = draft_and_validate(text.as_bytes(), "y");
    let yaml = draft.to_yaml();
    (draft, yaml)
}

#[test]
fn decimal_commas_between_commas_are_read_where_they_are_certain() {
    let (draft, yaml) = drafted("x", |row| format!("{row},{}", row % 7));
    assert_eq!(draft.config.csv.decimal_mark, DecimalMark::Comma);
    assert!(yaml.contains("decimal_mark: \",\""), "{yaml}");
    assert!(yaml.contains("- { name: x, kind: number }  # from 0 to 29.1; "), "{yaml}");
    // Some cells may be lists, thousands, or of another mark.
    let hint = "; numbers with commas: if these are decimal commas, use `--decimal-mark ,`";
    let doubtful: [fn(usize) -> String; 2] = [
        |row| if row % 2 == 0 { format!("{row},5") } else { row.to_string() },
        |row| format!("{},{:03}", row + 1, row * 7),
    ];
    for cell in doubtful {
        let (draft, yaml) = drafted("x", cell);
        assert_eq!(draft.config.csv.decimal_mark, DecimalMark::Point);
        let line = yaml.lines().find(|line| line.contains("- x  # 30 distinct texts")).unwrap();
        assert!(line.contains(hint) && line.contains(", such as line 2: `"), "{line}");
    }
    let text = |row: usize| format!("\"{row},5\",{row}.25,{}\n", ["no", "yes"][row % 2]);
    let text = format!("x,z,y\n{}", (0..30).map(text).collect::<String>());
    let (draft, _) = draft_and_validate(text.as_bytes(), "y");
    assert_eq!(draft.config.csv.decimal_mark, DecimalMark::Point);
    let stated = DialectOptions { decimal_mark: Some(DecimalMark::Comma), ..Default::default() };
    let dialect = Dialect::detect("t.csv", text.as_bytes(), &stated).unwrap();
    assert_eq!(dialect.decimal_mark, DecimalMark::Comma);
}

#[test]
fn a_note_shows_what_the_cells_of_a_dropped_column_look_like() {
    for (before, after, first) in [("0.1", "%", "0.100%"), ("10 0", "", "10 000"), ("<", "", "<00")]
    {
        let (draft, yaml) = drafted("x", |row| format!("{before}{row:02}{after}"));
        let expected = format!("- x  # 30 distinct texts, such as line 2: `{first}`; too many");
        assert!(yaml.contains(&expected), "{yaml}");
        assert_eq!(draft.config.row_id, None);
    }
}

#[test]
fn a_unit_in_the_name_of_a_column_is_that_of_the_feature() {
    let (draft, yaml) = drafted("age [a]", |row| format!("{row}.5"));
    let expected = "- { name: age, kind: number, unit: a }  # from 0.5 to 29.5; ";
    assert!(yaml.contains(expected) && yaml.contains("; unit from the column's name\n"), "{yaml}");
    let age = &draft.config.features[0];
    assert_eq!((age.name.as_str(), age.unit.as_deref()), ("age", Some("a")));
    // A level has no unit, and a name is taken once.
    let (_, yaml) = drafted("stage [x]", |row| ["I", "II"][row % 2].into());
    assert!(yaml.contains("- { name: \"stage [x]\", kind: category, "), "{yaml}");
    let (_, yaml) = drafted("z [a]", |row| format!("{row}.5"));
    assert!(yaml.contains("- { name: \"z [a]\", kind: number }"), "{yaml}");
}

/// `-` is a missing value, unless some cell is `+`.
#[test]
fn a_minus_is_a_result_beside_a_plus() {
    let text = |other: &str| format!("x,z,y\n-,1,no\n{other},2,yes\n-,3,no\n{other},4,yes\n");
    let (draft, _) = draft_and_validate(text("+").as_bytes(), "y");
    assert!(draft.to_yaml().contains("name: x, kind: boolean, texts: [\"-\", \"+\"]"));
    assert_eq!(draft.config.missing, [""]);
    let (draft, _) = draft_and_validate(text("5").as_bytes(), "y");
    assert_eq!(draft.config.missing, ["-"]);
}

#[test]
fn a_text_that_differs_in_every_row_names_the_rows() {
    let options = InferOptions { max_levels: 2, ..InferOptions::default() };
    let draft = draft("who,y,a\nR1,no,1\nR2,yes,2\nR3,no,3\n", &options).unwrap();
    assert_eq!(draft.config.row_id.as_deref(), Some("who"));
    assert!(draft.to_yaml().contains("row_id: who  # unique in every row\n"));
}

#[test]
fn a_draft_of_the_reference_data_reads_them() {
    let path = Path::new("../../examples/data/wdbc.csv");
    let table = Table::from_csv_file(path, &TableFormat::default()).unwrap();
    let draft = infer_schema(&table, &InferOptions::default()).unwrap();
    assert_eq!(draft.config.row_id.as_deref(), Some("row_id"));
    assert_eq!(draft.config.target, TargetConfig::binary("diagnosis", "B", "M"));
    assert_eq!(draft.config.features.len(), 30);
    assert!(draft.config.features.iter().all(|feature| feature.kind == Kind::Number));
    let read = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
    assert_eq!(Dataset::from_table(&table, &read).unwrap().n_rows(), 569);
}

#[test]
fn names_and_texts_that_yaml_could_misread_survive() {
    let text = "id;no;#x: y;\"a\"\"b\"; grün ;1e3;null;y\n\
        1;a;1;yes;1;0.5;true;true\n2;b;2;null;2;1.5;false;false\n3;~;3;off;4;2.5;1;true\n";
    let csv = CsvConfig { delimiter: Some(';'), ..CsvConfig::default() };
    let options = InferOptions { csv, target: Some("y".into()), ..InferOptions::default() };
    let draft = draft(text, &options).unwrap();
    assert_eq!(
        DataConfig::from_yaml(&draft.to_yaml()).unwrap(),
        draft.config,
        "{}",
        draft.to_yaml()
    );
    assert_eq!(draft.config.features[0].levels, ["a", "b", "~"]);
    let dataset = Dataset::from_csv("t.csv", text.as_bytes(), &draft.config).unwrap();
    assert!(dataset.has_missing_values());
}

#[test]
fn the_target_is_asked_for_or_guessed() {
    let options = InferOptions { target: Some("stage".into()), ..InferOptions::default() };
    assert_eq!(draft(TABLE, &options).unwrap().config.target.classes, ["I", "II", "III"]);
    let cases = [
        ("nowhere", "t.csv: line 1: no column `nowhere`; the columns are "),
        ("always", "t.csv: column `always` has fewer than 2 classes"),
        (
            "creatinine",
            "t.csv: line 3: column `creatinine` has no class, the first of 2 such rows; remove them",
        ),
    ];
    for (target, message) in cases {
        let options = InferOptions { target: Some(target.into()), ..InferOptions::default() };
        let error = draft(TABLE, &options).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let error = draft("a,b\n1.5,2.5\n2.5,3.5\n", &InferOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "t.csv: no column is likely to be the target; name it");
    let error = draft("id,y\n1,a\n2,b\n3,a\n", &InferOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "t.csv: no column that can be a feature");
}

/// What is drafted has no errors, whatever the cells.
#[test]
fn what_is_drafted_is_accepted() {
    const TEXTS: [&str; 24] = [
        "",
        "NA",
        "-",
        "+",
        "?",
        "0",
        "1",
        "2.5",
        "<0.3",
        "yes",
        "Yes",
        "no",
        "inf",
        "NAN",
        "1e200",
        "9007199254740993",
        "2024-01-01",
        "true",
        "TRUE",
        "a b",
        "é",
        "train",
        "test",
        "07",
    ];
    const NAMES: [&str; 6] = ["id", "patient", "x", "visit id", "", "part"];
    let mut n_drafted = 0;
    for seed in 0..400 {
        let mut random = Random::new(seed, 1);
        let mut below = |n: u64| usize::try_from(random.below(n)).unwrap();
        let n_rows = 2 + below(40);
        let columns: Vec<Vec<&str>> =
            NAMES.iter().map(|_| (0..=below(4)).map(|_| TEXTS[below(24)]).collect()).collect();
        let share = 1 + below(20);
        let mut text = format!("{},died\n", NAMES.join(","));
        for row in 0..n_rows {
            for column in &columns {
                match below(20) < share {
                    true => text += column[below(column.len() as u64)],
                    false => text += &below(60).to_string(),
                }
                text.push(',');
            }
            text += ["no\n", "yes\n"][row % 2];
        }
        let options = InferOptions { target: Some("died".into()), ..InferOptions::default() };
        let Ok(draft) = draft(&text, &options) else { continue };
        n_drafted += 1;
        let config = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
        let table = Table::from_csv("t.csv", text.as_bytes(), &config.table_format()).unwrap();
        let report = validate(&table, &config).unwrap();
        assert!(!report.has_errors(), "seed {seed}: {report}\n{}\n{text}", draft.to_yaml());
    }
    assert!(n_drafted > 300, "{n_drafted}");
}

#[test]
fn numbers_are_rounded_outwards_to_two_digits() {
    let cases = [(0.0, 0.0), (6.981, 6.9), (28.11, 28.0), (1234.0, 1200.0), (-1234.0, -1300.0)];
    for (value, expected) in cases {
        assert_eq!(column::rounded_down(value), expected);
    }
    assert!((column::rounded_down(0.001_239) - 0.0012).abs() < 1e-12);
}
