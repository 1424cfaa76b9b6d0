//! Tensors as rows of values, by the features of a schema.

use nomogram::{Schema, Value};

use super::invalid::Invalid;
use super::tensor::{Elements, Tensor};

/// Rows of values: holding one is the proof that every tensor belongs to features and has one element
/// per row.
#[derive(Debug)]
pub(super) struct Rows<'t> {
    n_rows: usize,
    columns: Vec<Option<Column<'t>>>,
}

/// Where the values of one feature are.
#[derive(Clone, Copy, Debug)]
struct Column<'t> {
    tensor: &'t Tensor,
    first: usize,
    stride: usize,
}

impl<'t> Rows<'t> {
    /// The rows of the tensors.
    ///
    /// # Errors
    ///
    /// When a tensor has the name of no feature and does not have all of them, when a feature is given
    /// twice, or when lengths differ.
    pub(super) fn new(schema: &Schema, tensors: &'t [Tensor]) -> Result<Self, Invalid> {
        let mut rows = Self { n_rows: 0, columns: vec![None; schema.n_features()] };
        for (index, tensor) in tensors.iter().enumerate() {
            rows.add(schema, tensor, index == 0)
                .map_err(|e| e.within(format_args!("input {}", index + 1)))?;
        }
        if tensors.is_empty() {
            return Err(Invalid::new("no inputs, expected at least 1"));
        }
        Ok(rows)
    }

    fn add(&mut self, schema: &Schema, tensor: &'t Tensor, is_first: bool) -> Result<(), Invalid> {
        let n_features = schema.n_features();
        let feature = schema.feature_index(&tensor.name);
        let (n_rows, columns) = match (feature, tensor.shape.as_slice()) {
            (Some(feature), [n_rows] | [n_rows, 1]) => (*n_rows, feature..feature + 1),
            (Some(_), _) => {
                return Err(Invalid::new(
                    "the shape of a feature, expected (n_rows) or (n_rows, 1)",
                ));
            }
            (None, [n_rows, width]) if *width == n_features => (*n_rows, 0..n_features),
            (None, [n_rows]) if n_features == 1 => (*n_rows, 0..1),
            (None, _) => {
                return Err(Invalid::new(format!(
                    "neither named as a feature, nor of shape (n_rows, {n_features})"
                )));
            }
        };
        if !is_first && n_rows != self.n_rows {
            let expected = self.n_rows;
            return Err(Invalid::new(format!("{n_rows} rows, expected {expected} as in input 1")));
        }
        self.n_rows = n_rows;
        let stride = columns.len();
        let given = self.columns.get_mut(columns).unwrap_or_default();
        for (first, column) in given.iter_mut().enumerate() {
            if column.is_some() {
                return Err(Invalid::new("a feature that an input before it has already"));
            }
            *column = Some(Column { tensor, first, stride });
        }
        Ok(())
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The value of a feature; `None` when no tensor has it.
    pub(super) fn value(&self, row: usize, feature: usize) -> Option<Value<'t>> {
        let column = self.columns.get(feature).copied().flatten()?;
        let element = row.checked_mul(column.stride)?.checked_add(column.first)?;
        Some(match &column.tensor.elements {
            Elements::Numbers(numbers) => {
                let number = *numbers.get(element)?;
                match &column.tensor.unit {
                    _ if number.is_nan() => Value::Missing(None),
                    Some(unit) => Value::NumberIn(number, unit),
                    None => Value::Number(number),
                }
            }
            Elements::Texts(texts) => {
                texts.get(element)?.as_deref().map_or(Value::Missing(None), Value::Text)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nomogram::{Feature, Target};

    fn schema() -> Schema {
        let features = ["a", "b", "c"].map(Feature::number).to_vec();
        Schema::new(features, Target::of_classes("y", ["no", "yes"])).unwrap()
    }

    fn tensor(name: &str, shape: &[usize]) -> Tensor {
        let n_elements = shape.iter().product();
        let numbers = std::iter::successors(Some(0.0), |n| Some(n + 1.0)).take(n_elements);
        Tensor::new(name.into(), shape.to_vec(), Elements::Numbers(numbers.collect()), None)
            .unwrap()
    }

    #[test]
    fn features_are_tensors_or_one_tensor_has_all() {
        let all = [tensor("rows", &[2, 3])];
        let rows = Rows::new(&schema(), &all).unwrap();
        assert_eq!(rows.n_rows(), 2);
        assert_eq!(rows.value(1, 2), Some(Value::Number(5.0)));

        let each = [tensor("c", &[2]), tensor("a", &[2, 1])];
        let rows = Rows::new(&schema(), &each).unwrap();
        assert_eq!(rows.value(1, 2), Some(Value::Number(1.0)));
        assert_eq!(rows.value(0, 1), None, "a feature without a tensor is unset");

        let mut missing = tensor("a", &[1]);
        missing.elements = Elements::Numbers(vec![f64::NAN]);
        missing.unit = Some("mg/dL".into());
        let missing = [missing];
        let rows = Rows::new(&schema(), &missing).unwrap();
        assert_eq!(rows.value(0, 0), Some(Value::Missing(None)));
    }

    #[test]
    fn tensors_that_do_not_fit_the_features_are_refused() {
        let cases: [(&[Tensor], &str); 5] = [
            (&[], "no inputs, expected at least 1"),
            (
                &[tensor("rows", &[2, 4])],
                "input 1: neither named as a feature, nor of shape (n_rows, 3)",
            ),
            (&[tensor("a", &[2]), tensor("b", &[3])], "input 2: 3 rows, expected 2 as in input 1"),
            (
                &[tensor("a", &[2]), tensor("rows", &[2, 3])],
                "input 2: a feature that an input before it has already",
            ),
            (
                &[tensor("a", &[1, 3])],
                "input 1: the shape of a feature, expected (n_rows) or (n_rows, 1)",
            ),
        ];
        for (tensors, message) in cases {
            assert_eq!(Rows::new(&schema(), tensors).unwrap_err().to_string(), message);
        }
    }
}
