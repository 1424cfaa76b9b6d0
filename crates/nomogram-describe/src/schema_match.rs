//! Whether rows of one schema can go to a model of another.
//!
//! Values go to a model by position. Rows whose features have another order, kind, level or unit
//! would get a wrong probability without any error.

use std::fmt;

use nomogram::{Feature, Schema};

use crate::words::kind_name;

/// The first difference between the schema of some rows and that of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaMismatch {
    place: String,
    found: String,
    expected: String,
}

impl fmt::Display for SchemaMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, expected } = self;
        write!(f, "{place}: the table has {found}, the model expects {expected}")
    }
}

impl std::error::Error for SchemaMismatch {}

/// Checks that rows of the schema `table` mean the same to a model of the schema `model`: the same
/// features in the same order, each of the same kind, levels and unit, and the same classes. Ranges,
/// policies and rules may differ: they decide which rows are refused, not what a value means.
///
/// # Errors
///
/// The first difference; features are counted from 1.
pub fn check_same_schema(model: &Schema, table: &Schema) -> Result<(), SchemaMismatch> {
    let mismatch = |place: String, found: String, expected: String| {
        Err(SchemaMismatch { place, found, expected })
    };
    if model.n_features() != table.n_features() {
        let count = |schema: &Schema| format!("{} features", schema.n_features());
        return mismatch("schema".into(), count(table), count(model));
    }
    for (index, (expected, found)) in model.features().iter().zip(table.features()).enumerate() {
        let is_same = (&expected.name, &expected.kind, &expected.unit)
            == (&found.name, &found.kind, &found.unit);
        if !is_same {
            return mismatch(format!("feature {}", index + 1), text(found), text(expected));
        }
    }
    let classes = |schema: &Schema| match schema.target().classes() {
        [] => "a number".to_owned(),
        classes => format!("the classes `{}`", classes.join("`, `")),
    };
    if model.target().classes() != table.target().classes() {
        return mismatch("target".into(), classes(table), classes(model));
    }
    Ok(())
}

/// Name, kind, levels and unit.
fn text(feature: &Feature) -> String {
    let mut text = format!("`{}`, {}", feature.name, kind_name(&feature.kind));
    if !feature.levels().is_empty() {
        text.push_str(&format!(" of `{}`", feature.levels().join("`, `")));
    }
    match &feature.unit {
        Some(unit) => text.push_str(&format!(", unit `{unit}`")),
        None => text.push_str(", without a unit"),
    }
    text
}

#[cfg(test)]
mod tests {
    use nomogram::{FeatureKind, Target};

    use super::*;

    fn schema(features: Vec<Feature>) -> Schema {
        Schema::new(features, Target::of_classes("died", ["no", "yes"])).unwrap()
    }

    fn number(name: &str, unit: Option<&str>) -> Feature {
        Feature { unit: unit.map(str::to_owned), ..Feature::number(name) }
    }

    fn stage(levels: &[&str]) -> Feature {
        let levels = levels.iter().map(|level| (*level).to_owned()).collect();
        Feature::of_kind("stage", FeatureKind::Category { levels })
    }

    #[test]
    fn the_first_difference_is_named_with_what_was_found_and_expected() {
        let model = schema(vec![number("age", Some("a")), stage(&["I", "II"])]);
        let message =
            |features| check_same_schema(&model, &schema(features)).unwrap_err().to_string();
        assert_eq!(check_same_schema(&model, &model), Ok(()));
        assert_eq!(
            message(vec![number("age", Some("mo")), stage(&["I", "II"])]),
            "feature 1: the table has `age`, number, unit `mo`, the model expects `age`, number, unit `a`"
        );
        assert_eq!(
            message(vec![number("age", Some("a")), stage(&["II", "I"])]),
            "feature 2: the table has `stage`, category of `II`, `I`, without a unit, \
             the model expects `stage`, category of `I`, `II`, without a unit"
        );
        assert_eq!(
            message(vec![number("age", Some("a"))]),
            "schema: the table has 1 features, the model expects 2 features"
        );
    }

    #[test]
    fn other_classes_do_not_fit_but_other_ranges_do() {
        let model = schema(vec![number("age", None)]);
        let target = Target::of_classes("died", ["yes", "no"]);
        let swapped = Schema::new(vec![number("age", None)], target).unwrap();
        assert_eq!(
            check_same_schema(&model, &swapped).unwrap_err().to_string(),
            "target: the table has the classes `yes`, `no`, the model expects the classes `no`, `yes`"
        );
        let range = Some(nomogram::Range { low: 0.0, high: 9.0 });
        let narrow = Feature { range, ..number("age", None) };
        assert_eq!(check_same_schema(&model, &schema(vec![narrow])), Ok(()));
    }
}
