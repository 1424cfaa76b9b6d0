//! Which columns of a table are features, and which are handed through.

use std::collections::BTreeSet;

use arrow_schema::DataType;
use nomogram::{Feature, Schema};

use crate::error::Error;

/// The head of a column.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// Its name as it stands there.
    pub(crate) name: String,
    /// A unit that stands beside the name: Arrow's metadata `unit`.
    pub(crate) unit: Option<String>,
    /// Its type; none in text.
    pub(crate) data_type: Option<DataType>,
}

/// What a command wants of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) keep: &'a [String],
    pub(crate) ignore_others: bool,
}

/// A column that is a feature.
#[derive(Clone, Debug)]
pub(crate) struct FeatureColumn {
    pub(crate) column: usize,
    /// The position in the schema.
    pub(crate) index: usize,
    pub(crate) feature: Feature,
    /// The UCUM code of the unit, where the table names one.
    pub(crate) unit: Option<String>,
}

/// A column that is handed through.
#[derive(Clone, Debug)]
pub(crate) struct KeptColumn {
    pub(crate) column: usize,
    pub(crate) name: String,
    pub(crate) data_type: Option<DataType>,
}

/// The columns of a table, matched to a schema by name.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// All names, in the table's order.
    pub(crate) names: Vec<String>,
    pub(crate) features: Vec<FeatureColumn>,
    /// The id comes first, where there is one.
    pub(crate) kept: Vec<KeptColumn>,
}

impl Columns {
    /// Matches the columns of a table; those in `others` are known to somebody else.
    ///
    /// # Errors
    ///
    /// `Table` for a column that nobody knows, one that stands twice, or a unit that the feature
    /// does not have.
    pub(crate) fn new(
        table: &str,
        headers: &[Header],
        schema: &Schema,
        wanted: Wanted<'_>,
    ) -> Result<Self, Error> {
        Self::among(table, headers, schema, wanted, &BTreeSet::new())
    }

    /// [`Self::new`], where the columns in `others` belong to another schema.
    pub(crate) fn among(
        table: &str,
        headers: &[Header],
        schema: &Schema,
        wanted: Wanted<'_>,
        others: &BTreeSet<usize>,
    ) -> Result<Self, Error> {
        let failed = |detail: String| Error::Table { table: table.into(), detail };
        refuse_twice(headers).map_err(failed)?;
        let mut kept = Vec::new();
        for name in wanted.id.into_iter().chain(wanted.keep.iter().map(String::as_str)) {
            let found = headers.iter().enumerate().find(|(_, header)| header.name == name);
            let Some((column, header)) = found else {
                let names = known_names(headers.iter().map(|header| header.name.as_str()));
                return Err(failed(format!("no column `{name}`; the columns are {names}")));
            };
            kept.push(KeptColumn {
                column,
                name: name.into(),
                data_type: header.data_type.clone(),
            });
        }
        let mut features = Vec::new();
        for (column, header) in headers.iter().enumerate() {
            let matched = match_feature(header, schema).map_err(failed)?;
            if let Some((index, feature, unit)) = matched {
                let unit = unit.map(str::to_owned);
                features.push(FeatureColumn { column, index, feature: feature.clone(), unit });
                continue;
            }
            let is_known = kept.iter().any(|kept| kept.column == column);
            if !is_known && !wanted.ignore_others && !others.contains(&column) {
                let names = known_names(schema.features().iter().map(|f| f.name.as_str()));
                return Err(failed(format!(
                    "column `{}` is no feature of the model: name it by --id or --keep, or leave \
                     such columns aside with --ignore-other-columns; the features are {names}",
                    header.name
                )));
            }
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = features.iter().find(|column| !seen.insert(column.index)) {
            let name = &twice.feature.name;
            return Err(failed(format!("two columns for feature `{name}`, expected 1")));
        }
        let names = headers.iter().map(|header| header.name.clone()).collect();
        Ok(Self { names, features, kept })
    }

    /// The columns that are read, ascending.
    pub(crate) fn used(&self) -> BTreeSet<usize> {
        let kept = self.kept.iter().map(|kept| kept.column);
        self.features.iter().map(|column| column.column).chain(kept).collect()
    }

    /// The name of the column of a feature, as it stands in the table.
    pub(crate) fn column_of(&self, feature: usize) -> Option<&FeatureColumn> {
        self.features.iter().find(|column| column.index == feature)
    }
}

/// The feature of a column, and the unit that the column names: `name`, or `name [unit]`.
#[allow(clippy::type_complexity, reason = "position, feature and unit")]
fn match_feature<'a>(
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
        let own = feature.unit.as_deref();
        let alternative = feature.alternative_units.iter().map(|unit| unit.code.as_str());
        let known: Vec<&str> = own.into_iter().chain(alternative).collect();
        if !known.contains(&unit) {
            let expected = match known.as_slice() {
                [] => "none, as its unit is not known to the model".into(),
                _ => known_names(known.iter().copied()),
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

fn refuse_twice(headers: &[Header]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match headers.iter().find(|header| !seen.insert(&header.name)) {
        None => Ok(()),
        Some(header) => Err(format!("column `{}` stands twice", header.name)),
    }
}

/// Names in backticks; of very many, the first ones.
fn known_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 40;
    let names: Vec<&str> = names.collect();
    let shown: Vec<&str> = names.iter().take(MOST).copied().collect();
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("`{}`{more}", shown.join("`, `"))
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
