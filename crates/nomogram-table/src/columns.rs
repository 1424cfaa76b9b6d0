//! Which columns of a table are features, and which are copied to the output.

use std::collections::BTreeSet;
use std::sync::Arc;

#[cfg(feature = "columnar")]
use arrow_schema::DataType;
use nomogram::{Feature, Schema, Session};

use crate::error::Error;
use crate::feature::{FeatureCells, listed};
use crate::format::TableFormat;
use crate::row::Row;

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name, without spaces around it; empty where it has none.
    pub name: String,
    /// The unit in Arrow's metadata `unit`.
    pub unit: Option<String>,
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
    /// `Table` for a column that is not known, two columns for one feature, or a unit that the
    /// feature does not have.
    pub fn new(
        (table, headers): (&str, &[Header]),
        schema: &Schema,
        wanted: Wanted<'_>,
        format: &Arc<TableFormat>,
        others: &BTreeSet<usize>,
    ) -> Result<Self, Error> {
        let failed = |detail: String| Error::table(table, detail);
        let kept = kept(headers, wanted).map_err(failed)?;
        let mut features = Vec::new();
        for (column, header) in headers.iter().enumerate() {
            let matched = match_feature(header, schema).map_err(failed)?;
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
    pub(crate) fn of_name(name: String) -> Self {
        Self {
            name,
            unit: None,
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
    format!(
        "{column} is not a feature of the model: name it by --id or --keep, or skip such columns \
         with --ignore-other-columns; the features are {}",
        listed(&names)
    )
}

/// The feature of a column, and the unit that the column names: `name`, or `name [unit]`.
///
/// # Errors
///
/// A sentence, when the feature does not have this unit.
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
            Some((index, feature)) => (index, feature, Some(unit)),
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    if let Some(unit) = unit {
        let feature_unit = feature.unit.as_deref();
        let alternative = feature.alternative_units.iter().map(|unit| unit.code.as_str());
        let known: Vec<&str> = feature_unit.into_iter().chain(alternative).collect();
        if !known.contains(&unit) {
            let expected = match known.as_slice() {
                [] => "none, as its unit is not known to the model".into(),
                _ => listed(&known),
            };
            let name = &feature.name;
            return Err(format!("feature `{name}`: unit `{unit}`, expected {expected}"));
        }
    }
    Ok(Some((index, feature, unit)))
}

/// Name and unit of `name [unit]`; a UCUM code may hold brackets itself.
fn split_unit(header: &str) -> Option<(&str, &str)> {
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
}
