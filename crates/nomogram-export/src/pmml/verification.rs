//! `ModelVerification`: the golden cases with the bundle's predictions.

use std::fmt::Write;
use std::sync::Arc;

use ndarray::ArrayView2;
use nomogram::{Link, Model, Session};

use super::escaped;
use crate::error::Error;
use crate::single_member::SingleMember;

/// The most rows that are written.
const MAX_ROWS: usize = 64;
/// Outputs up to this count as 0.
const ZERO: f64 = 1e-12;

/// The element, with rows spread over the golden cases.
pub(super) fn write(
    member: &SingleMember<'_>,
    bundle: &[u8],
    golden: ArrayView2<'_, f64>,
) -> Result<String, Error> {
    let mut session = Session::try_new(Arc::new(Model::open(bundle)?))?;
    let features = member.schema.features();
    let classes = member.schema.target().classes();
    let outputs: Vec<String> = if classes.is_empty() {
        vec!["prediction".into()]
    } else {
        classes.iter().map(|class| format!("probability({class})")).collect()
    };
    let stride = golden.nrows().div_ceil(MAX_ROWS).max(1);
    let mut rows = String::new();
    let (mut n_rows, mut smallest) = (0, 1.0_f64);
    for row in golden.rows().into_iter().step_by(stride) {
        let values = row.to_vec();
        let prediction = session.predict_row(&values)?;
        let _ = write!(rows, "<row>");
        for (index, (value, feature)) in values.iter().zip(features).enumerate() {
            let Some(cell) = cell(*value, feature) else { continue };
            let _ = write!(rows, "<input{index}>{}</input{index}>", escaped(&cell));
        }
        for (index, value) in prediction.outputs().iter().enumerate() {
            let _ = write!(rows, "<output{index}>{value:e}</output{index}>");
            if value.abs() > ZERO {
                smallest = smallest.min(value.abs());
            }
        }
        rows.push_str("</row>\n");
        n_rows += 1;
    }
    let mut text = format!(
        "<ModelVerification recordCount=\"{n_rows}\" fieldCount=\"{}\">\n<VerificationFields>",
        features.len() + outputs.len()
    );
    for (index, feature) in features.iter().enumerate() {
        let name = escaped(&feature.name);
        let _ = write!(text, "<VerificationField field=\"{name}\" column=\"input{index}\"/>");
    }
    let precision = precision(member.kind.link(), smallest);
    for (index, output) in outputs.iter().enumerate() {
        let name = escaped(output);
        let _ = write!(
            text,
            "<VerificationField field=\"{name}\" column=\"output{index}\" precision=\"{precision:e}\" zeroThreshold=\"{ZERO:e}\"/>"
        );
    }
    let _ = write!(
        text,
        "</VerificationFields>\n<InlineTable>\n{rows}</InlineTable></ModelVerification>\n"
    );
    Ok(text)
}

/// How far, relative to its size, a reader's output may be from ours; `smallest` is the smallest one that
/// is not 0. PMML defines the complementary log-log link as a subtraction from 1, which loses digits of a
/// small output; the bundle's loses none.
fn precision(link: Link, smallest: f64) -> f64 {
    let lost = match link {
        Link::ComplementaryLogLog => f64::EPSILON / smallest,
        _ => 0.0,
    };
    lost.max(1e-12)
}

/// A value as the document names it; none for a missing one.
fn cell(value: f64, feature: &nomogram::Feature) -> Option<String> {
    if value.is_nan() {
        return None;
    }
    let levels = feature.levels();
    if levels.is_empty() {
        let is_boolean = feature.kind == nomogram::FeatureKind::Boolean;
        return Some(if is_boolean { (value == 1.0).to_string() } else { format!("{value:e}") });
    }
    // A value that is no level's number is an unseen level, also a negative one.
    let level = levels.iter().zip(0_u32..).find(|(_, nth)| f64::from(*nth) == value);
    let level = level.map(|(name, _)| name.clone());
    Some(level.unwrap_or_else(|| "unseen level".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_subtraction_from_1_loses_digits() {
        assert_eq!(precision(Link::Logit, 1e-9), 1e-12);
        assert_eq!(precision(Link::ComplementaryLogLog, 0.5), 1e-12);
        assert_eq!(precision(Link::ComplementaryLogLog, f64::EPSILON * 1e9), 1e-9);
    }
}
