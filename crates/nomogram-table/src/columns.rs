//! Which columns of a table are features, and which are copied to the output.

use std::collections::BTreeSet;
use std::sync::Arc;

#[cfg(feature = "columnar")]
use arrow_schema::DataType;
use nomogram::{Action, Feature, Schema, Session};

use crate::error::Error;
use crate::feature::{FeatureCells, listed};
use crate::format::TableFormat;
use crate::numbers::Numbers;
use crate::place::Place;
use crate::row::{Row, Rows};
use crate::shown::shown;

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name, without spaces around it; empty where it has none.
    pub name: String,
    /// The unit in Arrow's metadata `unit`.
    pub unit: Option<String>,
    /// The line of a text that names it; none in a file without lines.
    pub place: Option<Place>,
    /// Its type; none in text.
    #[cfg(feature = "columnar")]
    pub data_type: Option<DataType>,
}

/// What a command needs from a table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The column that names the rows.
    pub id: Option<&'a str>,
    /// Columns that are copied to the output.
    pub keep: &'a [String],
    /// Whether other columns are skipped, or an error.
    pub ignore_others: bool,
}

/// A column that is a feature.
#[derive(Clone, Debug)]
pub struct FeatureColumn {
    /// Its position in the table.
    pub column: usize,
    /// The position of the feature in the schema.
    pub index: usize,
    /// How its cells are read.
    pub cells: FeatureCells,
}

/// A column that is copied to the output.
#[derive(Clone, Debug)]
pub struct KeptColumn {
    /// Its position in the table.
    pub column: usize,
    /// Its head.
    pub header: Header,
}

/// The columns of a table, matched to a schema by name.
#[derive(Clone, Debug)]
pub struct Columns {
    /// All names, in the table's order.
    pub names: Vec<String>,
    /// The features, in the table's order.
    pub features: Vec<FeatureColumn>,
    /// The id comes first, where there is one.
    pub kept: Vec<KeptColumn>,
}

impl Columns {
    /// Matches the columns of a table to features, by `name` or `name [unit]`; those at the
    /// positions in `others` are used otherwise.
    ///
    /// # Errors
    ///
    /// `Table` at the header, for a column that is not known, two columns for one feature, a unit
    /// that the feature does not have, or a feature without a column unless the feature's policy
    /// accepts rows in which it is not set.
    pub fn new(
        (table, headers): (&str, &[Header]),
        schema: &Schema,
        wanted: Wanted<'_>,
        format: &Arc<TableFormat>,
        others: &BTreeSet<usize>,
    ) -> Result<Self, Error> {
        let failed = |detail: String| {
            let place = headers.first().and_then(|header| header.place);
            Error::Table { table: table.into(), place, detail }
        };
        let kept = kept(headers, wanted).map_err(failed)?;
        let mut features = Vec::new();
        for (column, header) in headers.iter().enumerate() {
            let in_column = |fault| failed(format!("column `{}`: {fault}", shown(&header.name)));
            let matched = match_feature(header, schema).map_err(in_column)?;
            if let Some((index, feature, unit)) = matched {
                let unit = unit.map(str::to_owned);
                let cells = FeatureCells::new(feature.clone(), unit, format.clone());
                features.push(FeatureColumn { column, index, cells });
                continue;
            }
            let is_known = kept.iter().any(|kept: &KeptColumn| kept.column == column);
            if !is_known && !wanted.ignore_others && !others.contains(&column) {
                return Err(failed(unknown(column, header, schema)));
            }
        }
        let mut seen = BTreeSet::new();
        if let Some(second) = features.iter().find(|column| !seen.insert(column.index)) {
            let name = &second.cells.feature().name;
            return Err(failed(format!("two columns for feature `{name}`, expected 1")));
        }
        for (index, feature) in schema.features().iter().enumerate() {
            if feature.policy.unset == Action::Refuse && !seen.contains(&index) {
                return Err(failed(absent(feature, headers)));
            }
        }
        let names = headers.iter().map(|header| header.name.clone()).collect();
        Ok(Self { names, features, kept })
    }

    /// The positions of the columns that are read.
    #[must_use]
    pub fn used(&self) -> BTreeSet<usize> {
        let kept = self.kept.iter().map(|kept| kept.column);
        self.features.iter().map(|column| column.column).chain(kept).collect()
    }

    /// The column of a feature, by the feature's position in the schema.
    #[must_use]
    pub fn column_of(&self, feature: usize) -> Option<&FeatureColumn> {
        self.features.iter().find(|column| column.index == feature)
    }

    /// Reads the rows of numbers among some rows. Every other row, as it has other values or not a
    /// column for each feature, is stated by [`Self::state`].
    pub fn read_numbers(&self, rows: Rows<'_>, schema: &Schema, numbers: &mut Numbers) {
        numbers.begin(rows.len(), schema.n_features());
        if self.features.len() != schema.n_features() {
            return numbers.end(|_| false);
        }
        #[cfg(feature = "columnar")]
        if let Some((chunk, rows)) = rows.typed() {
            for FeatureColumn { column, index, cells } in &self.features {
                chunk.each_number(*column, rows.clone(), cells, |row, number| {
                    numbers.set(row, *index, number);
                });
            }
            return numbers.end(|_| true);
        }
        let mut has_all_cells = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let is_whole = row.n_cells().is_none_or(|n_cells| n_cells == self.names.len());
            has_all_cells.push(is_whole);
            for FeatureColumn { column, index, cells } in &self.features {
                numbers.set(at, *index, cells.array_number(row.cell(*column)));
            }
        }
        numbers.end(|row| has_all_cells.get(row).copied().unwrap_or_default());
    }

    /// States the features of a row to a session.
    ///
    /// # Errors
    ///
    /// As [`Session::set`].
    #[inline]
    pub fn state(&self, row: Row<'_>, session: &mut Session) -> Result<(), nomogram::Error> {
        for column in &self.features {
            session.set(column.index, column.cells.value(row.cell(column.column)))?;
        }
        Ok(())
    }
}

impl Header {
    /// Of a column of text.
    pub(crate) fn of_name(name: String, place: Place) -> Self {
        Self {
            name,
            unit: None,
            place: Some(place),
            #[cfg(feature = "columnar")]
            data_type: None,
        }
    }
}

fn kept(headers: &[Header], wanted: Wanted<'_>) -> Result<Vec<KeptColumn>, String> {
    let names = wanted.id.into_iter().chain(wanted.keep.iter().map(String::as_str));
    let kept = names.map(|name| {
        let position = headers.iter().position(|header| header.name == name);
        let column = position.and_then(|column| Some((column, headers.get(column)?)));
        let Some((column, header)) = column else {
            let names: Vec<&str> = headers.iter().map(|header| header.name.as_str()).collect();
            return Err(format!("no column `{name}`; the columns are {}", listed(&names)));
        };
        Ok(KeptColumn { column, header: header.clone() })
    });
    kept.collect()
}

fn unknown(column: usize, header: &Header, schema: &Schema) -> String {
    let names: Vec<&str> = schema.features().iter().map(|feature| feature.name.as_str()).collect();
    let column = match header.name.as_str() {
        "" => format!("column {}, which has no name,", column + 1),
        name => format!("column `{name}`"),
    };
    let similar = similar_name(&header.name, names.iter().copied());
    let similar = similar.map_or(String::new(), |name| format!(" (`{name}` is)"));
    format!(
        "{column} is not a feature of the model{similar}: name it by --id or --keep, or skip such \
         columns with --ignore-other-columns; the features are {}",
        listed(&names)
    )
}

fn absent(feature: &Feature, headers: &[Header]) -> String {
    let names = headers.iter().map(|header| header.name.as_str());
    let hint = similar_name(&feature.name, names);
    let hint = hint.map_or(String::new(), |name| format!("; is it `{}`?", shown(name)));
    format!("no column for feature `{}`{hint}", feature.name)
}

/// Of some names, the first one that differs from a column's name only in case, spaces, `_`, `-` or
/// a unit in brackets.
#[must_use]
pub fn similar_name<'a>(name: &str, mut names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = |name: &str| -> String {
        let (name, _) = name.split_once(['[', '(']).unwrap_or((name, ""));
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let of_name = folded(name);
    names.find(|other| !of_name.is_empty() && *other != name && folded(other) == of_name)
}

/// The feature of a column, and the unit that the column names: `name`, or `name [unit]`.
///
/// # Errors
///
/// A sentence without the column, when the feature does not have this unit, or when the column's
/// name and its metadata state different ones.
#[allow(clippy::type_complexity, reason = "position, feature and unit")]
pub fn match_feature<'a>(
    header: &'a Header,
    schema: &'a Schema,
) -> Result<Option<(usize, &'a Feature, Option<&'a str>)>, String> {
    let feature_at = |name: &str| {
        schema.feature_index(name).and_then(|at| Some((at, schema.features().get(at)?)))
    };
    let (index, feature, unit) = match (feature_at(&header.name), split_unit(&header.name)) {
        (Some((index, feature)), _) => (index, feature, header.unit.as_deref()),
        (None, Some((name, unit))) => match feature_at(name) {
            Some((index, feature)) => match header.unit.as_deref() {
                Some(other) if other != unit => {
                    return Err(format!(
                        "unit `{unit}` in its name, but `{other}` in its metadata"
                    ));
                }
                Some(_) | None => (index, feature, Some(unit)),
            },
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    if let Some(unit) = unit {
        let feature_unit = feature.unit.as_deref();
        let alternative = feature.alternative_units.iter().map(|unit| unit.code.as_str());
        let known: Vec<&str> = feature_unit.into_iter().chain(alternative).collect();
        if !known.contains(&unit) {
            let name = &feature.name;
            return Err(match known.as_slice() {
                [] => format!("unit `{unit}`, but the model does not know the unit of `{name}`"),
                _ => format!("unit `{unit}`, expected {}", listed(&known)),
            });
        }
    }
    Ok(Some((index, feature, unit)))
}

/// Name and unit of `name [unit]`; a UCUM code may hold brackets itself.
#[must_use]
pub fn split_unit(header: &str) -> Option<(&str, &str)> {
    let (name, unit) = header.strip_suffix(']')?.rsplit_once(" [")?;
    Some((name.trim_ascii_end(), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_may_hold_brackets() {
        assert_eq!(split_unit("pressure [mm[Hg]]"), Some(("pressure", "mm[Hg]")));
        assert_eq!(split_unit("temperature [[degF]]"), Some(("temperature", "[degF]")));
        assert_eq!(split_unit("age"), None);
        assert_eq!(split_unit("age[mo]"), None);
    }

    #[test]
    fn a_similar_name_has_the_same_letters() {
        let names = ["dose", "Age", "age [a]", "serum_creatinine"];
        let cases = [
            ("age", Some("Age")),
            ("AGE[mo]", Some("Age")),
            ("Age", Some("age [a]")),
            ("Serum creatinine (mg/dL)", Some("serum_creatinine")),
            ("dose", None),
            ("weight", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(similar_name(name, names.into_iter()), expected, "{name}");
        }
    }

    #[test]
    fn a_unit_is_stated_once_or_twice_the_same() {
        let mut age = Feature::number("age");
        age.unit = Some("a".into());
        let schema = Schema::new(vec![age], nomogram::Target::of_classes("y", ["n", "p"])).unwrap();
        let matched = |name: &str, unit: Option<&str>| {
            let header = Header { unit: unit.map(str::to_owned), ..header(name) };
            match_feature(&header, &schema)
                .map(|found| found.map(|(_, _, unit)| unit.map(str::to_owned)))
        };
        assert_eq!(matched("age", None), Ok(Some(None)));
        assert_eq!(matched("age", Some("a")), Ok(Some(Some("a".into()))));
        assert_eq!(matched("age [a]", None), Ok(Some(Some("a".into()))));
        assert_eq!(matched("age [a]", Some("a")), Ok(Some(Some("a".into()))));
        let fault = matched("age [a]", Some("mo")).unwrap_err();
        assert_eq!(fault, "unit `a` in its name, but `mo` in its metadata");
        assert_eq!(matched("age", Some("mo")).unwrap_err(), "unit `mo`, expected `a`");
        assert_eq!(matched("other [a]", Some("mo")), Ok(None));
    }

    #[test]
    fn a_feature_without_a_column_is_refused_at_the_header() {
        let schema = |policy: nomogram::Policy| {
            let age = Feature { policy, ..Feature::number("age") };
            let target = nomogram::Target::of_classes("y", ["n", "p"]);
            Schema::new(vec![age, Feature::number("dose")], target).unwrap()
        };
        let headers = [header("Age"), header("dose")];
        let columns = |schema: &Schema, ignore_others| {
            let wanted = Wanted { ignore_others, ..Wanted::default() };
            let format = Arc::default();
            Columns::new(("t.csv", &headers), schema, wanted, &format, &BTreeSet::new())
        };
        let refusing = schema(nomogram::Policy::default());
        let error = columns(&refusing, true).unwrap_err().to_string();
        assert_eq!(error, "t.csv: line 4: no column for feature `age`; is it `Age`?");
        let error = columns(&refusing, false).unwrap_err().to_string();
        let expected =
            "t.csv: line 4: column `Age` is not a feature of the model (`age` is): name it";
        assert!(error.starts_with(expected), "{error}");
        let imputing = nomogram::Policy { unset: Action::Impute, ..nomogram::Policy::default() };
        assert_eq!(columns(&schema(imputing), true).unwrap().features.len(), 1);
    }

    fn header(name: &str) -> Header {
        Header::of_name(name.into(), Place::Line(4))
    }
}
