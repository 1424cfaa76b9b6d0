//! Parquet and Arrow: each type, damaged files, and the same table as text.

#![cfg(feature = "columnar")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::{Decimal256Type, Float16Type, Int8Type};
use arrow_array::*;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use nomogram::{Action, Feature, FeatureKind, Policy, Schema, Target, Value};
use nomogram_table::{
    CHUNK_ROWS, Columns, Error, FeatureCells, FileKind, Numbers, Row, Source, Table, TableFormat,
    Wanted,
};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

fn stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// The cells of one array, as messages show them.
fn shown(array: ArrayRef) -> String {
    let batch = RecordBatch::try_from_iter_with_nullable([("x", array, true)]).unwrap();
    let bytes = stream(&batch);
    let table = Table::from_arrow_stream("t", bytes.as_slice(), &TableFormat::default()).unwrap();
    let cells = table.column("x").unwrap().map(|cell| cell.cell.to_string());
    cells.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_stream_ends_with_its_end_marker_and_nothing_follows() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let whole = stream(&RecordBatch::try_from_iter([("x", array)]).unwrap());
    let read = |bytes: Vec<u8>| {
        Table::from_arrow_stream("t", std::io::Cursor::new(bytes), &TableFormat::default())
    };
    assert_eq!(read(whole.clone()).unwrap().n_rows(), 2);
    let cut = read(whole[..whole.len() - 8].to_vec()).unwrap_err().to_string();
    assert!(cut.contains("no end marker"), "{cut}");
    let two_streams = read([whole.clone(), whole.clone()].concat()).unwrap_err().to_string();
    assert!(two_streams.contains("bytes after the end marker"), "{two_streams}");
}

#[test]
fn a_cell_of_each_type_is_what_it_is() {
    let halves = PrimitiveArray::<Float16Type>::from_iter_values(
        [1.5_f32, f32::NAN].map(<<Float16Type as ArrowPrimitiveType>::Native>::from_f32),
    );
    let decimals =
        Decimal128Array::from(vec![Some(125), None]).with_precision_and_scale(10, 2).unwrap();
    let large =
        Decimal256Array::from(vec![<<Decimal256Type as ArrowPrimitiveType>::Native>::from_i128(
            -3,
        )]);
    let large = large.with_precision_and_scale(70, 1).unwrap();
    let levels: DictionaryArray<Int8Type> = [Some("I"), None, Some("II")].into_iter().collect();
    let lists = ListArray::from_iter_primitive::<Int8Type, _, _>(vec![Some(vec![Some(1)]), None]);
    let zoned = TimestampNanosecondArray::from(vec![1_709_211_900_123_456_789]);
    let cases: [(ArrayRef, &str); 21] = [
        (Arc::new(zoned.with_timezone("+01:00")), "the time 2024-02-29T13:05:00.123456789Z"),
        (Arc::new(NullArray::new(1)), "a missing value"),
        (Arc::new(BooleanArray::from(vec![Some(true), None])), "the boolean true; a missing value"),
        (Arc::new(Int8Array::from(vec![-1])), "the whole number -1"),
        (Arc::new(Int64Array::from(vec![i64::MIN])), "the whole number -9223372036854775808"),
        (Arc::new(UInt8Array::from(vec![255])), "the whole number 255"),
        (Arc::new(UInt64Array::from(vec![u64::MAX])), "the whole number 18446744073709551615"),
        (Arc::new(halves), "the number 1.5; the number NaN"),
        (Arc::new(Float32Array::from(vec![0.5])), "the number 0.5"),
        (Arc::new(Float64Array::from(vec![f64::INFINITY])), "the number inf"),
        (Arc::new(decimals), "the number 1.25; a missing value"),
        (Arc::new(large), "the number -0.3"),
        (Arc::new(StringArray::from(vec![" 61.1 "])), "text ` 61.1 `"),
        (Arc::new(LargeStringArray::from(vec!["a"])), "text `a`"),
        (
            Arc::new(StringViewArray::from(vec!["a text of more than twelve bytes"])),
            "text `a text of more than twelve bytes`",
        ),
        (Arc::new(levels), "text `I`; a missing value; text `II`"),
        (Arc::new(Date32Array::from(vec![19_782])), "the date 2024-02-29"),
        (
            Arc::new(TimestampNanosecondArray::from(vec![1_500_000_000])),
            "the time 1970-01-01T00:00:01.5",
        ),
        (Arc::new(Time32SecondArray::from(vec![60])), "a value of type Time32(s)"),
        (
            Arc::new(BinaryArray::from(vec![Some(b"x".as_slice()), None])),
            "a value of type Binary; a missing value",
        ),
        (Arc::new(lists), "a value of type List(Int8); a missing value"),
    ];
    for (array, expected) in cases {
        assert_eq!(shown(array), expected);
    }
}

fn batch(n_rows: i32) -> RecordBatch {
    let numbers = (0..n_rows).map(|row| (row % 5 != 0).then(|| f64::from(row) / 3.0));
    let texts = (0..n_rows).map(|row| format!("text {row}"));
    let columns: [(&str, ArrayRef); 3] = [
        ("n", Arc::new(numbers.collect::<Float64Array>())),
        ("i", Arc::new((0..n_rows).collect::<Int32Array>())),
        ("t", Arc::new(StringArray::from_iter_values(texts))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(n, array)| (n, array, true))).unwrap()
}

fn cells(table: &Table) -> Vec<String> {
    let columns = table.columns().iter().flat_map(|column| table.column(column).unwrap());
    columns.map(|cell| cell.cell.as_written().into_owned()).collect()
}

#[test]
fn a_table_is_the_same_in_every_form() {
    let folder = std::env::temp_dir().join(format!("nomogram-columnar-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let batch = batch(20_000);
    let mut text = "n,i,t\n".to_owned();
    for row in 0..20_000 {
        let number =
            if row % 5 == 0 { String::new() } else { format!("{:?}", f64::from(row) / 3.0) };
        text += &format!("{number},{row},text {row}\n");
    }
    let halves = [batch.slice(0, 7_000), batch.slice(7_000, 13_000)];
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    halves.iter().for_each(|half| parquet.write(half).unwrap());
    let mut arrow = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    halves.iter().for_each(|half| arrow.write(half).unwrap());
    let files = [
        ("t.csv", text.into_bytes()),
        ("t.parquet", parquet.into_inner().unwrap()),
        ("t.arrow", arrow.into_inner().unwrap()),
        ("t.arrows", stream(&batch)),
    ];
    let mut first = None;
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        let table = Table::from_file(&path, &TableFormat::default()).unwrap();
        assert_eq!(table.n_rows(), 20_000);
        let cells = cells(&table);
        assert_eq!(&cells, first.get_or_insert_with(|| cells.clone()), "{name}");
        // Rows are there whichever columns are read.
        let kind = FileKind::of_path(&path);
        let mut source = Source::open(&path, kind, &TableFormat::default(), 999).unwrap();
        source.select(&[2].into());
        let mut texts = Vec::new();
        while let Some(chunk) = source.next_chunk().unwrap() {
            let add = |row: Row<'_>| {
                texts.push(row.text(2).into_owned());
                Ok(())
            };
            chunk.each_row::<Error>(add).unwrap();
        }
        assert_eq!(texts, cells[40_000..], "{name}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn read_all(path: &Path) -> Result<u64, Error> {
    let kind = FileKind::of_path(path);
    let mut source = Source::open(path, kind, &TableFormat::default(), CHUNK_ROWS)?;
    let mut n_rows = 0;
    while let Some(chunk) = source.next_chunk()? {
        chunk.each_row::<Error>(|row| {
            n_rows += 1;
            let _ = row.text(0);
            Ok(())
        })?;
    }
    Ok(n_rows)
}

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

#[test]
fn a_page_whose_checksum_is_wrong_is_refused() {
    assert!(read_all(&data("parquet-crc-intact.parquet")).unwrap() > 0);
    let error = read_all(&data("parquet-crc-bitflip.parquet")).unwrap_err().to_string();
    let expected = "cannot be read as Parquet: the checksum of a page is not that of its bytes";
    assert!(error.contains(expected), "{error}");
}

/// Readers of such files panic; it is the file's fault, and no other table suffers from it.
#[test]
fn damaged_files_are_refused_without_a_panic() {
    for name in ["panics.parquet", "panics.arrow"] {
        let error = read_all(&data(name)).unwrap_err();
        assert!(matches!(error, Error::Table { .. }), "{name}: {error}");
        assert!(error.to_string().contains("cannot be read as"), "{name}: {error}");
    }
    assert!(read_all(&data("parquet-crc-intact.parquet")).is_ok());
}

/// Every third byte of a small file is changed in turn; whatever comes of it is a table or an error.
#[test]
fn no_changed_byte_ends_the_program() {
    let folder = std::env::temp_dir().join(format!("nomogram-flips-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let batch = batch(20);
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    parquet.write(&batch).unwrap();
    let mut arrow = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    arrow.write(&batch).unwrap();
    let options = || {
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).unwrap()
    };
    let schema = batch.schema();
    let mut compressed = FileWriter::try_new_with_options(Vec::new(), &schema, options()).unwrap();
    compressed.write(&batch).unwrap();
    let mut compressed_stream =
        StreamWriter::try_new_with_options(Vec::new(), &schema, options()).unwrap();
    compressed_stream.write(&batch).unwrap();
    let files = [
        ("t.parquet", parquet.into_inner().unwrap()),
        ("t.arrow", arrow.into_inner().unwrap()),
        ("t.arrows", stream(&batch)),
        ("compressed.arrow", compressed.into_inner().unwrap()),
        ("compressed.arrows", compressed_stream.into_inner().unwrap()),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read_all(&path).unwrap(), 20, "{name}");
        for at in (0..bytes.len()).step_by(3) {
            let mut changed = bytes.clone();
            changed[at] ^= 0xFF;
            std::fs::write(&path, changed).unwrap();
            if let Err(error) = read_all(&path) {
                assert!(matches!(error, Error::Table { .. }), "{name} {at}: {error}");
            }
        }
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(read_all(&path).is_err(), "{name} cut in half");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What the cells of four features mean, whatever the file.
fn values(table: &Table) -> Vec<String> {
    let kind = |name: &str, kind| Feature { kind, ..Feature::number(name) };
    let levels = ["I", "II", "früh"].map(str::to_owned).to_vec();
    let features = [
        Feature::number("number"),
        kind("integer", FeatureKind::Integer),
        kind("boolean", FeatureKind::Boolean),
        kind("level", FeatureKind::Category { levels }),
    ];
    let format = Arc::new(TableFormat::default());
    let mut values = Vec::new();
    for feature in features {
        let cells = FeatureCells::new(feature, None, format.clone());
        let column = table.column(&cells.feature().name).unwrap();
        values.extend(column.map(|cell| match cells.value(cell.cell) {
            // A whole number is the same as the floating-point number.
            #[allow(clippy::cast_precision_loss, reason = "small")]
            Value::Integer(number) => format!("{:?}", Value::Number(number as f64)),
            value => format!("{value:?}"),
        }));
    }
    values
}

/// The rows of numbers of a table, and whether each row is one.
fn numbers(source: &mut Source, schema: &Schema) -> (Vec<String>, Vec<bool>) {
    let table = (source.name(), source.headers());
    let columns =
        Columns::new(table, schema, Wanted::default(), &Arc::default(), &BTreeSet::new()).unwrap();
    let (mut values, mut is_of_numbers) = (Vec::new(), Vec::new());
    let mut numbers = Numbers::default();
    while let Some(chunk) = source.next_chunk().unwrap() {
        let read = chunk.each_block::<Error>(3, |rows| {
            columns.read_numbers(rows, schema, &mut numbers);
            values.extend(numbers.values().iter().map(|number| format!("{number:?}")));
            is_of_numbers.extend(numbers.is_of_numbers());
            Ok(())
        });
        read.unwrap();
    }
    (values, is_of_numbers)
}

#[test]
fn rows_of_numbers_are_read_in_the_order_of_the_schema() {
    let levels = ["I", "II"].map(str::to_owned).to_vec();
    let stage = Feature { kind: FeatureKind::Category { levels }, ..Feature::number("stage") };
    let features = vec![stage, Feature::number("age"), Feature::number("dose")];
    let schema = Schema::new(features, Target::of_classes("y", ["a", "b"])).unwrap();
    let text = "dose,stage,age\n1,I,60\n2,III,61\n3,II,\n4,I,old\n5,I,62\n6,I\n7,II,63\n";
    let mut source = Source::new(
        "t.csv",
        std::io::Cursor::new(text.as_bytes().to_vec()),
        FileKind::Csv,
        &TableFormat::default(),
        5,
    )
    .unwrap();
    let of_rows = |rows: &[[&str; 3]]| rows.concat().iter().map(|text| (*text).into()).collect();
    let expected: Vec<String> = of_rows(&[
        ["0.0", "60.0", "1.0"],
        ["1.0", "NaN", "3.0"],
        ["0.0", "62.0", "5.0"],
        ["1.0", "63.0", "7.0"],
    ]);
    let is_of_numbers = vec![true, false, true, false, true, false, true];
    assert_eq!(numbers(&mut source, &schema), (expected, is_of_numbers));

    let columns: [(&str, ArrayRef); 3] = [
        ("dose", Arc::new(Float64Array::from(vec![1.0, f64::NAN, 3.0, 4.0]))),
        ("stage", Arc::new(StringArray::from(vec!["I", "I", "II", "III"]))),
        ("age", Arc::new(Float64Array::from(vec![Some(60.0), Some(61.0), None, Some(62.0)]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let bytes = std::io::Cursor::new(stream(&batch));
    let format = TableFormat::default();
    let mut source = Source::new("t", bytes, FileKind::ArrowStream, &format, 100).unwrap();
    let expected: Vec<String> = of_rows(&[["0.0", "60.0", "1.0"], ["1.0", "NaN", "3.0"]]);
    assert_eq!(numbers(&mut source, &schema), (expected, vec![true, false, true, false]));
}

#[test]
fn without_a_column_for_each_feature_no_row_is_one_of_numbers() {
    let unset = Policy { unset: Action::Impute, ..Policy::default() };
    let age = Feature { policy: unset, ..Feature::number("age") };
    let features = vec![Feature::number("dose"), age];
    let schema = Schema::new(features, Target::of_classes("y", ["a", "b"])).unwrap();
    let bytes = std::io::Cursor::new(b"dose\n1\n2\n".to_vec());
    let format = TableFormat::default();
    let mut source = Source::new("t", bytes, FileKind::Csv, &format, 5).unwrap();
    assert_eq!(numbers(&mut source, &schema), (vec![], vec![false, false]));
}

type AnyRow = (Option<f64>, Option<i32>, Option<bool>, Option<&'static str>);

fn any_row() -> impl Strategy<Value = AnyRow> {
    let number = prop::option::of(prop_oneof![any::<i16>().prop_map(f64::from), -1e9..1e9_f64]);
    let level = prop::option::of(prop::sample::select(vec!["I", "II", "früh", "other"]));
    (number, any::<Option<i32>>(), any::<Option<bool>>(), level)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_typed_cell_means_what_its_text_does(rows in prop::collection::vec(any_row(), 1..20)) {
        let mut text = "number,integer,boolean,level\n".to_owned();
        for (number, integer, boolean, level) in &rows {
            let number = number.map_or(String::new(), |number| format!("{number:?}"));
            let integer = integer.map_or(String::new(), |integer| integer.to_string());
            let boolean = boolean.map_or(String::new(), |boolean| boolean.to_string());
            text += &format!("{number},{integer},{boolean},{}\n", level.unwrap_or_default());
        }
        let columns: [(&str, ArrayRef); 4] = [
            ("number", Arc::new(rows.iter().map(|row| row.0).collect::<Float64Array>())),
            ("integer", Arc::new(rows.iter().map(|row| row.1).collect::<Int32Array>())),
            ("boolean", Arc::new(rows.iter().map(|row| row.2).collect::<BooleanArray>())),
            ("level", Arc::new(rows.iter().map(|row| row.3).collect::<StringArray>())),
        ];
        let columns = columns.map(|(name, array)| (name, array, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        parquet.write(&batch).unwrap();
        let path = std::env::temp_dir().join(format!("nomogram-{}.parquet", std::process::id()));
        std::fs::write(&path, parquet.into_inner().unwrap()).unwrap();
        let format = TableFormat::default();
        let written = Table::from_csv("t", text.as_bytes(), &format).unwrap();
        let expected = values(&written);
        let bytes = stream(&batch);
        let arrow = Table::from_arrow_stream("t", bytes.as_slice(), &format).unwrap();
        prop_assert_eq!(&values(&arrow), &expected);
        let parquet = Table::from_file(&path, &format).unwrap();
        prop_assert_eq!(&values(&parquet), &expected);
    }
}
