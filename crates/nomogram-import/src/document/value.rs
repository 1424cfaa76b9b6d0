//! The values of a document.

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// The members of an object, in the order of the file; of equal keys, the last counts.
    Object(Vec<(String, Value)>),
}

/// A number, rounded once to each precision: rounding a double to single could round twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// In double precision.
    pub double: f64,
    /// In single precision.
    pub single: f32,
}

impl From<f64> for Number {
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn from(double: f64) -> Self {
        Self { double, single: double as f32 }
    }
}

impl From<f32> for Number {
    fn from(single: f32) -> Self {
        Self { double: f64::from(single), single }
    }
}

impl Value {
    /// What it is, with its article.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}
