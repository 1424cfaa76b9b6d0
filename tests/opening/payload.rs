//! Payloads, written as docs/bundle-format.md specifies them.

/// The bytes of a payload.
#[derive(Clone, Default)]
pub(crate) struct Payload(pub(crate) Vec<u8>);

impl Payload {
    pub(crate) fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(crate) fn word(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn words(self, values: &[u32]) -> Self {
        values.iter().fold(self.long(values.len()), |payload, value| payload.word(*value))
    }

    pub(crate) fn long(mut self, value: usize) -> Self {
        self.0.extend((value as u64).to_le_bytes());
        self
    }

    pub(crate) fn number(mut self, value: f64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn numbers(self, value: f64, n_values: usize) -> Self {
        (0..n_values).fold(self.long(n_values), |payload, _| payload.number(value))
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self = self.long(text.len());
        self.0.extend(text.as_bytes());
        self
    }

    /// A list of `n_items`, each written by `item`.
    pub(crate) fn list(self, n_items: usize, item: impl Fn(Self, usize) -> Self) -> Self {
        (0..n_items).fold(self.long(n_items), item)
    }

    /// A branch that continues `source`, and its steps.
    pub(crate) fn branch(self, index: usize, source: Option<u32>, n_steps: usize) -> Self {
        let named = self.text(&format!("b{index:06}"));
        match source {
            None => named.byte(0).long(n_steps),
            Some(source) => named.byte(1).word(source).long(n_steps),
        }
    }

    /// A step that makes 65,536 values of input 1.
    pub(crate) fn one_hot(self) -> Self {
        self.word(8).words(&[0]).words(&[65_536]).byte(0)
    }

    /// A step that changes input 1.
    pub(crate) fn clip(self) -> Self {
        self.word(2).words(&[0]).numbers(0.0, 1).numbers(1.0, 1)
    }

    /// A member of branch 1.
    pub(crate) fn member(self, index: usize) -> Self {
        self.text(&format!("m{index:06}")).word(0)
    }

    /// A forest for a margin of log odds that reads `n_inputs`, up to its list of trees.
    pub(crate) fn forest(self, n_inputs: u32) -> Self {
        self.word(1).word(0).word(n_inputs).word(0).word(0).word(0).numbers(0.0, 1)
    }

    /// A split of input 1 at 0.5.
    pub(crate) fn split(self, left: u32, right: u32) -> Self {
        self.word(1).word(0).number(0.5).word(left).word(right).word(0)
    }

    pub(crate) fn leaf(self, leaf: u32) -> Self {
        self.word(0).word(leaf)
    }
}
