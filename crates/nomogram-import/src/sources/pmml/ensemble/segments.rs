//! The segments of a mining model.

use super::super::fields::Fields;
use super::super::predicate::Predicate;
use crate::document::xml::Element;
use crate::error::Error;

/// The most segments of a model.
pub(super) const MAX_SEGMENTS: usize = 1 << 14;

/// A segment of a mining model.
pub(super) struct Segment<'e> {
    pub(super) model: &'e Element,
    pub(super) weight: f64,
}

/// The segments that every row reaches.
///
/// # Errors
///
/// `Unsupported` with the segment, or with the field that its model treats anew.
pub(super) fn segments<'e>(
    segmentation: &'e Element,
    fields: &Fields,
) -> Result<Vec<Segment<'e>>, Error> {
    let mut segments = Vec::new();
    for segment in segmentation.all("Segment") {
        match Predicate::within(segment, fields)? {
            Predicate::Constant(true) => {}
            Predicate::Constant(false) => continue,
            _ => return Err(segment.unsupported("a segment for some rows only")),
        }
        let is_model = |child: &&Element| {
            child.name.ends_with("Model")
                || child.name.ends_with("Network")
                || child.name == "Scorecard"
        };
        let model = segment.children.iter().find(is_model);
        let model = model.ok_or_else(|| segment.unsupported("a segment without a model"))?;
        fields.check_nested(model)?;
        let weight = segment.find_number("weight")?.unwrap_or(1.0);
        segments.push(Segment { model, weight });
        if segments.len() > MAX_SEGMENTS {
            return Err(segmentation.too_large(format!("more than {MAX_SEGMENTS} segments")));
        }
    }
    if segments.is_empty() {
        return Err(segmentation.unsupported("no segments"));
    }
    Ok(segments)
}
