//! Whole files: what is written is what is read, in every form.

use std::path::{Path, PathBuf};

use nomogram_train::data::{CsvConfig, Encoding};
use nomogram_train::split::SplitSpec;
use nomogram_train::{
    DataConfig, Dataset, Error, InferOptions, Table, TableFormat, infer_schema, validate,
};

const CONFIG: &str = "
data:
  csv: { delimiter: \";\", quote: \"'\", encoding: latin1 }
  missing: [\"\", NA]
  row_id: fälle
  patient: p
  time: t
  target: { column: y, classes: [a, b, c] }
  features:
    - { name: größe, unit: cm, policy: { missing: impute } }
    - { name: n, kind: integer }
    - { name: f, kind: boolean, policy: { missing: impute } }
    - { name: stufe, kind: category, levels: [früh, spät] }
  ignored: [note]
";
const TEXT: &str = "fälle;p;t;y;größe;n;f;stufe;note
1;x;2024-01-01;a;170.5;3;true;früh;'it''s; quoted'
2;x;2024-01-02;b;NA;-9007199254740992;0;spät;
3;z;2024-01-03;c;150;0;;früh;'two
lines'
4;w;2024-01-03;a;160;0;1;früh;x
";

/// A file that is gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let name = format!("nomogram-data-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn config() -> DataConfig {
    DataConfig::from_yaml(CONFIG).unwrap()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn bits(dataset: &Dataset) -> Vec<u64> {
    dataset.values().iter().map(|value| value.to_bits()).collect()
}

fn assert_same(a: &Dataset, b: &Dataset) {
    assert_eq!(a.schema(), b.schema());
    assert_eq!(bits(a), bits(b));
    assert_eq!(a.classes(), b.classes());
    assert_eq!(a.row_ids(), b.row_ids());
    assert_eq!(a.patients(), b.patients());
    assert_eq!(a.times(), b.times());
    assert_eq!(a.digest(), b.digest());
}

#[test]
fn a_file_is_read_by_its_encoding_delimiter_and_quotes() {
    let file = Scratch::new("latin1.csv", &latin1(TEXT));
    let dataset = Dataset::from_file(&file.0, &config()).unwrap();
    let (nan, large) = (f64::NAN, -9_007_199_254_740_992.0_f64);
    let expected = [
        [170.5, 3.0, 1.0, 0.0],
        [nan, large, 0.0, 1.0],
        [150.0, 0.0, nan, 0.0],
        [160.0, 0.0, 1.0, 0.0],
    ];
    assert!(bits(&dataset).iter().eq(expected.map(|row| row.map(f64::to_bits)).as_flattened()));
    assert_eq!(dataset.classes(), [0, 1, 2, 0]);
    assert_eq!(dataset.patients().unwrap(), ["x", "x", "z", "w"]);

    let utf_8 = CsvConfig { encoding: Encoding::Utf8, ..config().csv };
    let utf_8 = DataConfig { csv: utf_8, ..config() };
    let marked = format!("\u{FEFF}{TEXT}").replace('\n', "\r\n");
    assert_same(&Dataset::from_csv("-", marked.as_bytes(), &utf_8).unwrap(), &dataset);
    let error = Dataset::from_file(&file.0, &utf_8).unwrap_err().to_string();
    assert!(error.contains("line 1: bytes that are not UTF-8"), "{error}");

    let utf_16: Vec<u8> =
        [0xFEFF].into_iter().chain(TEXT.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let csv = CsvConfig { encoding: Encoding::Utf16, ..config().csv };
    let config = DataConfig { csv, ..config() };
    assert_same(&Dataset::from_csv("-", utf_16.as_slice(), &config).unwrap(), &dataset);
}

#[test]
fn every_refusal_names_the_line_of_the_file() {
    let cases = [
        ("4;w;", "3;w;", "line 6: column `fälle`: found `3`, expected a row id that appears only"),
        (";160;", ";hoch;", "line 6: column `größe`: found `hoch`, expected a number, unit `cm`"),
        (
            "1;früh;x",
            "1;Früh;x",
            "line 6: column `stufe`: found `Früh` (`früh` in another case), expected one of the levels",
        ),
        (
            ";0;1;",
            ";0;ja;",
            "line 6: column `f`: found `ja`, expected `false` or `0`, `true` or `1`",
        ),
        (";160;0;", ";160;0.5;", "line 6: column `n`: found `0.5`, expected a whole number"),
        (";a;160", ";d;160", "line 6: column `y`: found `d`, expected one of the classes"),
        ("4;w;2024-01-03", "4;w;2024", "line 6: column `t`: found `2024`, expected a date"),
        (
            "4;w;",
            "4;;",
            "line 6: column `p`: found a missing value, expected the name of a patient",
        ),
        (";früh;x", ";früh", "line 6: found 8 cells, expected 9"),
        ("lines'", "lines", "line 4: unterminated quoted cell"),
        (";note", ";n", "duplicate column `n`"),
        (";note", ";notes", "column `notes` is not in the configuration"),
    ];
    for (right, wrong, message) in cases {
        let at = TEXT.rfind(right).unwrap();
        let text = format!("{}{wrong}{}", &TEXT[..at], &TEXT[at + right.len()..]);
        let error = Dataset::from_csv("t.csv", latin1(&text).as_slice(), &config()).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("t.csv: ") && error.contains(message), "{wrong}: {error}");
    }
    let absent = Dataset::from_file(Path::new("/nowhere.csv"), &config()).unwrap_err();
    assert!(matches!(absent, Error::File { .. }), "{absent}");
}

#[test]
fn a_draft_a_validation_and_a_split_follow_each_other() {
    let table =
        Table::from_csv_file(Path::new("../../examples/data/wdbc.csv"), &TableFormat::default());
    let table = table.unwrap();
    let draft = infer_schema(&table, &InferOptions::default()).unwrap();
    let config = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
    assert!(!validate(&table, &config).unwrap().has_errors());
    let dataset = Dataset::from_table(&table, &config).unwrap();
    let yaml = "{ test: { share: 0.25 }, folds: { n: 10, repeats: 2, by: stratified } }";
    let splits = SplitSpec::from_yaml(yaml).unwrap();
    let parts = splits.partitions(&dataset, 1).unwrap();
    assert_eq!((parts.train.len(), parts.test.len()), (427, 142));
    let train = dataset.select(&parts.train);
    let folds = splits.repeats(&train, 1).unwrap();
    assert_eq!((folds.len(), folds[0].len()), (2, 10));
}

#[cfg(not(feature = "columnar"))]
#[test]
fn columnar_files_need_their_feature() {
    let error = Dataset::from_file(Path::new("a.parquet"), &config()).unwrap_err().to_string();
    assert_eq!(error, "a.parquet: a columnar file, which needs the feature `columnar`");
}

#[cfg(feature = "columnar")]
mod columnar {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array,
        Int64Array, ListArray, RecordBatch, StringArray, TimestampMillisecondArray, UInt32Array,
        UInt64Array,
    };
    use arrow_ipc::writer::{FileWriter, StreamWriter};
    use parquet::arrow::ArrowWriter;

    use super::*;

    /// The rows of [`TEXT`], with their types.
    fn batch(change: impl FnOnce(&mut Vec<(&'static str, ArrayRef)>)) -> RecordBatch {
        let days = [19_723, 19_724, 19_725, 19_725].map(|day| day * 86_400_000);
        let levels: DictionaryArray<Int8Type> =
            ["früh", "spät", "früh", "früh"].into_iter().collect();
        let lists = ListArray::from_iter_primitive::<Int8Type, _, _>(vec![Some(vec![Some(1)]); 4]);
        let flags = BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]);
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("fälle", Arc::new(UInt32Array::from(vec![1, 2, 3, 4]))),
            ("p", Arc::new(StringArray::from(vec!["x", "x", "z", "w"]))),
            ("t", Arc::new(TimestampMillisecondArray::from(days.to_vec()))),
            ("y", Arc::new(StringArray::from(vec!["a", "b", "c", "a"]))),
            (
                "größe",
                Arc::new(Float32Array::from(vec![Some(170.5), None, Some(150.0), Some(160.0)])),
            ),
            ("n", Arc::new(Int64Array::from(vec![3, -9_007_199_254_740_992, 0, 0]))),
            ("f", Arc::new(flags)),
            ("stufe", Arc::new(levels)),
            ("note", Arc::new(lists)),
        ];
        change(&mut columns);
        // Columns may hold nulls whether they do or not.
        let columns = columns.into_iter().map(|(name, array)| (name, array, true));
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    }

    fn stream(batches: &[RecordBatch]) -> Vec<u8> {
        let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.into_inner().unwrap()
    }

    fn read(batch: &RecordBatch) -> Result<Dataset, Error> {
        let bytes = stream(std::slice::from_ref(batch));
        let table =
            Table::from_arrow_stream("t.arrows", bytes.as_slice(), &config().table_format())?;
        Dataset::from_table(&table, &config())
    }

    #[test]
    fn a_table_is_the_same_in_every_form() {
        let dataset = Dataset::from_csv("-", latin1(TEXT).as_slice(), &config()).unwrap();
        let batch = batch(|_| {});
        let halves = [batch.slice(0, 1), batch.slice(1, 3)];
        let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        halves.iter().for_each(|half| parquet.write(half).unwrap());
        let parquet = Scratch::new("a.parquet", &parquet.into_inner().unwrap());
        let mut arrow = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        halves.iter().for_each(|half| arrow.write(half).unwrap());
        let arrow = Scratch::new("a.arrow", &arrow.into_inner().unwrap());
        assert_same(&Dataset::from_file(&parquet.0, &config()).unwrap(), &dataset);
        assert_same(&Dataset::from_file(&arrow.0, &config()).unwrap(), &dataset);
        let table =
            Table::from_arrow_stream("-", stream(&halves).as_slice(), &config().table_format());
        let table = table.unwrap();
        assert_same(&Dataset::from_table(&table, &config()).unwrap(), &dataset);
        assert_eq!(
            validate(&table, &config()).unwrap().of(nomogram_train::Severity::Error).count(),
            0
        );
    }

    #[test]
    fn types_that_do_not_fit_are_refused_by_row() {
        type Change = fn(&mut Vec<(&'static str, ArrayRef)>);
        let cases: [(Change, &str); 7] = [
            (
                |columns| {
                    columns[5].1 = Arc::new(Int64Array::from(vec![0, 0, 9_007_199_254_740_993, 0]))
                },
                "row 3: column `n`: found the whole number 9007199254740993, expected a whole number of at most 2^53",
            ),
            (
                |columns| {
                    columns[4].1 = Arc::new(Int64Array::from(vec![0, 9_007_199_254_740_993, 0, 0]))
                },
                "row 2: column `größe`: found the whole number 9007199254740993, expected a whole number of at most",
            ),
            (
                |columns| columns[5].1 = Arc::new(UInt64Array::from(vec![0, u64::MAX, 0, 0])),
                "row 2: column `n`: found the whole number 18446744073709551615, expected a whole number",
            ),
            (
                |columns| {
                    columns[4].1 = Arc::new(Float64Array::from(vec![0.0, f64::INFINITY, 0.0, 0.0]))
                },
                "row 2: column `größe`: found the number inf, expected a finite number, unit `cm`",
            ),
            (
                |columns| columns[7].1 = Arc::new(Float64Array::from(vec![0.0; 4])),
                "row 1: column `stufe`: found the number 0.0, expected one of the levels `früh`, `spät`",
            ),
            (
                |columns| columns[4].1 = Arc::new(Date32Array::from(vec![0; 4])),
                "row 1: column `größe`: found the date 1970-01-01, expected a number, unit `cm`",
            ),
            (
                |columns| columns[1].1 = columns[8].1.clone(),
                "row 1: column `p`: found a value of type List(",
            ),
        ];
        for (change, message) in cases {
            let error = read(&batch(change)).unwrap_err().to_string();
            assert!(error.starts_with("t.arrows: ") && error.contains(message), "{error}");
        }
    }

    #[test]
    fn what_is_no_columnar_file_is_refused() {
        for name in ["no.parquet", "no.arrow"] {
            let file = Scratch::new(name, b"not at all");
            let error = Dataset::from_file(&file.0, &config()).unwrap_err();
            assert!(matches!(error, Error::Table { .. }), "{error}");
        }
        let format = TableFormat::default();
        assert!(Table::from_arrow_stream("-", b"not at all".as_slice(), &format).is_err());
        let empty = batch(|_| {}).slice(0, 0);
        let error = read(&empty).unwrap_err().to_string();
        assert_eq!(error, "t.arrows: no rows after the header");
    }
}
