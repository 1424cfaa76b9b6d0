//! `ModelVerification`: rows with their predictions.

use nomogram::Schema;

use super::fields::Fields;
use crate::document::xml::Element;
use crate::error::Error;
use crate::imported::ExpectedRow;

/// What a column of the verification holds.
enum Role {
    Feature(usize),
    /// An output of the bundle, with its relative precision and the bound of zero.
    Output(usize, f64, f64),
    Ignored,
}

/// The rows of a model's verification.
///
/// # Errors
///
/// `Malformed` with the element.
pub(super) fn rows(
    model: &Element,
    fields: &Fields,
    schema: &Schema,
) -> Result<Vec<ExpectedRow>, Error> {
    let Some(verification) = model.child("ModelVerification") else { return Ok(Vec::new()) };
    let names: Vec<&str> = fields.names().collect();
    let classes = schema.target().classes();
    let mut columns = Vec::new();
    for field in verification.needed("VerificationFields")?.all("VerificationField") {
        let name = field.attribute("field")?;
        let column = field.find("column").unwrap_or(name);
        let precision = field.find_number("precision")?.unwrap_or(1e-6);
        let zero = field.find_number("zeroThreshold")?.unwrap_or(1e-16);
        let output = model.child("Output").and_then(|output| {
            output.all("OutputField").find(|output| output.find("name") == Some(name))
        });
        let class = output
            .filter(|output| output.find("feature") == Some("probability"))
            .and_then(|output| output.find("value"))
            .or_else(|| name.strip_prefix("probability(").and_then(|name| name.strip_suffix(')')));
        let is_value = name == fields.target_name()
            || output
                .is_some_and(|output| output.or("feature", "predictedValue") == "predictedValue");
        let role = if let Some(feature) = names.iter().position(|known| *known == name) {
            Role::Feature(feature)
        } else if let Some(class) =
            class.and_then(|class| classes.iter().position(|known| known == class))
        {
            Role::Output(class, precision, zero)
        } else if is_value && classes.is_empty() {
            Role::Output(0, precision, zero)
        } else {
            Role::Ignored
        };
        // Column names have a prefix of a namespace where the rows have one.
        columns.push((column.rsplit(':').next().unwrap_or(column), role));
    }
    let table = verification.needed("InlineTable")?;
    table.all("row").map(|row| expected(row, &columns, fields, schema)).collect()
}

fn expected(
    row: &Element,
    columns: &[(&str, Role)],
    fields: &Fields,
    schema: &Schema,
) -> Result<ExpectedRow, Error> {
    let mut values = vec![f64::NAN; fields.len()];
    let mut outputs = vec![f64::NAN; schema.n_outputs()];
    let mut within = None;
    for (name, role) in columns {
        let Some(cell) = row.child(name) else { continue };
        let text = cell.text.trim();
        if text.is_empty() {
            continue;
        }
        let number = || text.parse::<f64>().map_err(|_| cell.malformed("expected a number"));
        match role {
            Role::Ignored => {}
            Role::Feature(feature) => {
                let is_category =
                    !fields.levels(*feature).is_empty() || fields.is_boolean(*feature);
                let value = match (is_category, fields.level(*feature, text)) {
                    (true, Some(level)) => f64::from(level),
                    #[allow(clippy::cast_precision_loss, reason = "levels are few")]
                    (true, None) => fields.levels(*feature).len() as f64,
                    (false, _) => number()?,
                };
                values.iter_mut().skip(*feature).take(1).for_each(|place| *place = value);
            }
            Role::Output(output, precision, zero) => {
                let value = number()?;
                let allowed = (precision * value.abs()).max(*zero);
                within = Some(within.map_or(allowed, |within: f64| within.max(allowed)));
                outputs.iter_mut().skip(*output).take(1).for_each(|place| *place = value);
            }
        }
    }
    Ok(ExpectedRow {
        row: values,
        outputs: Some(outputs),
        within,
        is_golden: true,
        ..ExpectedRow::default()
    })
}
