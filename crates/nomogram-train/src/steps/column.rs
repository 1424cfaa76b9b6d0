//! The columns of encoded rows.

/// A column of the encoded rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name of the feature that it comes from; of a principal component, `component 0` and so on.
    pub feature: String,
    /// Its values.
    pub kind: ColumnKind,
}

/// The values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers.
    Number,
    /// The number of a level, counted from 0; there are so many levels.
    Levels(u32),
    /// 0 or 1: a boolean feature.
    Flag,
    /// 0 or 1: whether the feature has a certain level.
    Level,
    /// 0 or 1: whether the value was missing.
    Missing,
}

impl Column {
    /// Whether its values are numbers with an order and a distance.
    pub(super) fn is_number(&self) -> bool {
        match self.kind {
            ColumnKind::Number => true,
            ColumnKind::Levels(_) | ColumnKind::Flag | ColumnKind::Level | ColumnKind::Missing => {
                false
            }
        }
    }

    /// Whether its values can be scaled: numbers, and those that are 0 or 1.
    pub(super) fn is_scalable(&self) -> bool {
        match self.kind {
            ColumnKind::Number | ColumnKind::Flag | ColumnKind::Level | ColumnKind::Missing => true,
            ColumnKind::Levels(_) => false,
        }
    }
}
