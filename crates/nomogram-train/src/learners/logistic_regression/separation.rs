//! Rows whose classes the inputs separate, so that without a penalty no coefficients are best.

use super::objective::{Point, Problem};
use crate::learners::training_rows::TrainingRows;

/// Newton steps move the margins of separated rows by about 1 each, for ever; those of a fit that
/// converges become small.
const LARGEST_LAST_MOVE: f64 = 0.1;

impl Problem<'_> {
    /// Whether each row's class has the largest margin.
    #[allow(clippy::indexing_slicing, reason = "classes are below the number of margins")]
    pub(super) fn separates(&self, point: &Point) -> bool {
        let mut rows = point.margins.chunks_exact(self.n_margins).zip(self.classes);
        rows.all(|(margins, class)| match margins {
            [margin] => {
                if *class == 1 {
                    *margin > 0.0
                } else {
                    *margin < 0.0
                }
            }
            margins => {
                let of_others = margins.iter().enumerate().filter(|(other, _)| other != class);
                of_others.into_iter().all(|(_, margin)| *margin < margins[*class])
            }
        })
    }
}

/// Whether a step moved a margin as only steps without end do.
pub(super) fn moves_without_end(from: &Point, to: &Point) -> bool {
    from.margins.iter().zip(&to.margins).any(|(from, to)| (from - to).abs() > LARGEST_LAST_MOVE)
}

/// The name of an input that separates a class from the others by itself, and the class.
#[allow(clippy::indexing_slicing, reason = "each row has a value of each input")]
pub(super) fn separating_input(rows: TrainingRows<'_>) -> Option<(String, usize)> {
    let n_kinds = if rows.n_classes == 2 { 1 } else { rows.n_classes };
    for input in 0..rows.n_inputs() {
        let column = rows.values.column(input);
        for class in rows.n_classes - n_kinds..rows.n_classes {
            let range = |is_of_class: bool| {
                let of_kind = column.iter().zip(rows.classes);
                let of_kind = of_kind.filter(|(_, c)| (**c == class) == is_of_class);
                of_kind.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| {
                    (low.min(*value), high.max(*value))
                })
            };
            let (of_class, of_others) = (range(true), range(false));
            let is_apart = of_class.1 <= of_others.0 || of_others.1 <= of_class.0;
            let is_constant = of_class.0 >= of_others.1 && of_others.0 >= of_class.1;
            if is_apart && !is_constant {
                return Some((rows.input_name(input), class));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn an_input_separates_when_ranges_do_not_overlap() {
        let values = array![[1.0, 5.0, 2.0], [1.0, 2.0, 2.0], [1.0, 6.0, 1.0], [1.0, 4.0, 0.0]];
        let of = |classes: &[usize], n_classes| {
            let rows = TrainingRows { n_classes, ..TrainingRows::binary(values.view(), classes) };
            separating_input(rows)
        };
        assert_eq!(of(&[0, 1, 0, 0], 2), Some(("input 2".into(), 1)));
        assert_eq!(of(&[0, 0, 1, 1], 2), Some(("input 3".into(), 1)));
        assert_eq!(of(&[0, 1, 1, 0], 2), None);
        assert_eq!(of(&[0, 1, 2, 1], 3), Some(("input 2".into(), 1)));
    }
}
