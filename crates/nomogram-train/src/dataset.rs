//! A table of rows to learn from: features as numbers, the target as classes.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use ndarray::{Array2, Axis};
use nomogram::{Digest, Feature, Schema, Target};

use crate::config::DataConfig;
use crate::error::Error;

/// The core predicts no row with a larger value.
const MAX_VALUE: f64 = 1e100;

/// Rows to learn from. Holding one is the proof that every value is a finite number and that both
/// classes are there.
#[derive(Clone, Debug)]
pub struct Dataset {
    schema: Schema,
    row_ids: Vec<String>,
    values: Array2<f64>,
    classes: Vec<usize>,
}

impl Dataset {
    /// Reads a CSV file with a header.
    ///
    /// # Errors
    ///
    /// `File`; `Table` when a column is absent, stands twice or is not named in `config`, when a row
    /// id stands twice, or when there are fewer than two classes; `Cell` with line and column when a
    /// cell is not a finite number or not one of the two classes.
    pub fn from_csv_file(path: &Path, config: &DataConfig) -> Result<Self, Error> {
        let file =
            std::fs::File::open(path).map_err(|cause| Error::File { path: path.into(), cause })?;
        Self::from_csv(&path.display().to_string(), file, config)
    }

    /// [`Self::from_csv_file`] of any source; `name` stands in errors.
    ///
    /// # Errors
    ///
    /// As [`Self::from_csv_file`].
    pub fn from_csv(name: &str, source: impl Read, config: &DataConfig) -> Result<Self, Error> {
        let features = config.features.iter().map(|feature| Feature {
            unit: feature.unit.clone(),
            ..Feature::number(&feature.name)
        });
        let classes = [&config.target.negative, &config.target.positive];
        let target = Target::of_classes(&config.target.column, classes);
        let schema = Schema::new(features.collect(), target)?;
        let table = Table::read(name, source)?;
        table.refuse_unnamed_columns(config)?;

        let row_ids = table.column(&config.row_id)?.map(|cell| cell.text.to_owned()).collect();
        table.refuse_repeated_ids(&config.row_id)?;
        let mut values = Array2::zeros((table.rows.len(), schema.n_features()));
        for (mut column, feature) in values.columns_mut().into_iter().zip(schema.features()) {
            for (value, cell) in column.iter_mut().zip(table.column(&feature.name)?) {
                *value = cell.number()?;
            }
        }
        let cells = table.column(&config.target.column)?;
        let classes =
            cells.map(|cell| cell.class(schema.target().classes())).collect::<Result<_, _>>()?;
        let dataset = Self { schema, row_ids, values, classes };
        dataset.refuse_single_class(name)?;
        Ok(dataset)
    }

    /// What a row looks like and what is predicted.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.classes.len()
    }

    /// The names of the rows.
    #[must_use]
    pub fn row_ids(&self) -> &[String] {
        &self.row_ids
    }

    /// The values, shape `(n_rows, n_features)`, all finite.
    #[must_use]
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// The class of each row: 0 negative, 1 positive.
    #[must_use]
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The rows at `indices`, in this order. Indices are below [`Self::n_rows`].
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "documented: indices are below `n_rows`")]
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            schema: self.schema.clone(),
            row_ids: indices.iter().map(|&index| self.row_ids[index].clone()).collect(),
            values: self.values.select(Axis(0), indices),
            classes: indices.iter().map(|&index| self.classes[index]).collect(),
        }
    }

    /// SHA-256 over the rows: of each row the little-endian bits of its values, then its class as
    /// one byte.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::with_capacity(self.n_rows() * (self.schema.n_features() * 8 + 1));
        for (row, class) in self.values.rows().into_iter().zip(&self.classes) {
            bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
            bytes.push(u8::from(*class == 1));
        }
        Digest::of(&bytes)
    }

    fn refuse_single_class(&self, name: &str) -> Result<(), Error> {
        let n_positive = self.classes.iter().filter(|class| **class == 1).count();
        let n_negative = self.n_rows() - n_positive;
        if n_positive > 0 && n_negative > 0 {
            return Ok(());
        }
        let [negative, positive] = [0, 1].map(|class| self.schema.target().classes().get(class));
        let (negative, positive) = (negative.map_or("", |c| c), positive.map_or("", |c| c));
        Err(Error::Table {
            table: name.into(),
            detail: format!(
                "{n_negative} rows of class `{negative}` and {n_positive} of `{positive}`, expected at least 1 of each"
            ),
        })
    }
}

/// Cells as text.
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
    /// Line of the file and cells.
    rows: Vec<(u64, csv::StringRecord)>,
}

/// One cell and where it stands.
pub(crate) struct Cell<'a> {
    pub(crate) text: &'a str,
    line: u64,
    column: &'a str,
    table: &'a str,
}

impl Table {
    /// Reads CSV with a header; every row has as many cells as the header.
    pub(crate) fn read(name: &str, source: impl Read) -> Result<Self, Error> {
        let failed = |detail: String| Error::Table { table: name.into(), detail };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let header = reader.headers().map_err(|e| failed(e.to_string()))?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if columns.is_empty() {
            return Err(failed("no header, expected a line of column names".into()));
        }
        for (index, column) in columns.iter().enumerate() {
            if columns.iter().take(index).any(|earlier| earlier == column) {
                return Err(failed(format!("column `{column}` stands twice")));
            }
        }
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|e| failed(e.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record));
        }
        if rows.is_empty() {
            return Err(failed("no rows after the header".into()));
        }
        Ok(Self { name: name.into(), columns, rows })
    }

    /// The cells of a column, from the first row to the last.
    pub(crate) fn column<'a>(
        &'a self,
        column: &'a str,
    ) -> Result<impl Iterator<Item = Cell<'a>> + 'a, Error> {
        let Some(index) = self.columns.iter().position(|found| found == column) else {
            return Err(self.failed(format!(
                "no column `{column}`; the columns are `{}`",
                self.columns.join("`, `")
            )));
        };
        Ok(self.rows.iter().map(move |(line, record)| Cell {
            text: record.get(index).unwrap_or_default(),
            line: *line,
            column,
            table: &self.name,
        }))
    }

    fn refuse_unnamed_columns(&self, config: &DataConfig) -> Result<(), Error> {
        let features = config.features.iter().map(|feature| feature.name.as_str());
        let others = [config.row_id.as_str(), config.target.column.as_str()];
        let ignored = config.ignored.iter().map(String::as_str);
        let named: BTreeSet<&str> = features.chain(others).chain(ignored).collect();
        match self.columns.iter().find(|column| !named.contains(column.as_str())) {
            None => Ok(()),
            Some(column) => Err(self.failed(format!(
                "column `{column}` is not in the configuration; name it under `features` or `ignored`"
            ))),
        }
    }

    pub(crate) fn refuse_repeated_ids(&self, column: &str) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for cell in self.column(column)? {
            if !seen.insert(cell.text) {
                return Err(cell.refuse("a row id that stands only once"));
            }
        }
        Ok(())
    }

    fn failed(&self, detail: String) -> Error {
        Error::Table { table: self.name.clone(), detail }
    }
}

impl Cell<'_> {
    pub(crate) fn refuse(&self, expected: impl Into<String>) -> Error {
        Error::Cell {
            table: self.table.into(),
            line: self.line,
            column: self.column.into(),
            found: self.text.into(),
            expected: expected.into(),
        }
    }

    /// The cell as a number; Rust's parser is correctly rounded and knows no locale.
    fn number(&self) -> Result<f64, Error> {
        let number: Option<f64> = self.text.parse().ok();
        let expected = "a finite number of at most 1e100";
        number.filter(|number| number.abs() <= MAX_VALUE).ok_or_else(|| self.refuse(expected))
    }

    fn class(&self, classes: &[String]) -> Result<usize, Error> {
        classes
            .iter()
            .position(|class| class == self.text)
            .ok_or_else(|| self.refuse(format!("one of the classes `{}`", classes.join("`, `"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FeatureConfig, TargetConfig};

    fn config() -> DataConfig {
        let feature = |name: &str| FeatureConfig { name: name.into(), unit: None };
        DataConfig {
            row_id: "id".into(),
            target: TargetConfig { column: "y".into(), negative: "B".into(), positive: "M".into() },
            features: vec![feature("a"), feature("b")],
            ignored: vec!["note".into()],
        }
    }

    fn read(text: &str) -> Result<Dataset, Error> {
        Dataset::from_csv("t.csv", text.as_bytes(), &config())
    }

    #[test]
    fn columns_are_found_by_name() {
        let dataset = read("y,b,note,id,a\nM, 2.5 ,x,7,1\nB,-1e3,y,8,0\n").unwrap();
        assert_eq!(dataset.values(), ndarray::array![[1.0, 2.5], [0.0, -1000.0]]);
        assert_eq!(dataset.classes(), [1, 0]);
        assert_eq!(dataset.row_ids(), ["7", "8"]);
    }

    #[test]
    fn bad_tables_are_refused_with_place_found_and_expected() {
        let cases = [
            ("", "t.csv: no header, expected a line of column names"),
            ("id,y,a,b\n", "t.csv: no rows after the header"),
            ("id,y,a\n1,B,2\n", "t.csv: no column `b`; the columns are `id`, `y`, `a`"),
            (
                "id,y,a,b,c\n1,B,2,3,4\n",
                "t.csv: column `c` is not in the configuration; name it under `features` or `ignored`",
            ),
            ("id,y,a,b,a\n1,B,2,3,4\n", "t.csv: column `a` stands twice"),
            (
                "id,y,a,b\n1,B,2,3\n2,M,x,3\n",
                "t.csv: line 3: column `a`: found `x`, expected a finite number of at most 1e100",
            ),
            (
                "id,y,a,b\n1,B,2,\n2,M,1,3\n",
                "t.csv: line 2: column `b`: found ``, expected a finite number of at most 1e100",
            ),
            (
                "id,y,a,b\n1,B,2,inf\n",
                "t.csv: line 2: column `b`: found `inf`, expected a finite number of at most 1e100",
            ),
            (
                "id,y,a,b\n1,B,2,NaN\n",
                "t.csv: line 2: column `b`: found `NaN`, expected a finite number of at most 1e100",
            ),
            (
                "id,y,a,b\n1,X,2,3\n",
                "t.csv: line 2: column `y`: found `X`, expected one of the classes `B`, `M`",
            ),
            (
                "id,y,a,b\n1,B,2,3\n1,M,2,3\n",
                "t.csv: line 3: column `id`: found `1`, expected a row id that stands only once",
            ),
            (
                "id,y,a,b\n1,B,2,3\n",
                "t.csv: 1 rows of class `B` and 0 of `M`, expected at least 1 of each",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
        let ragged = read("id,y,a,b\n1,B,2\n").unwrap_err().to_string();
        assert!(ragged.contains("line: 2") && ragged.contains("3 fields"), "{ragged}");
    }
}
