//! The budget of opening a bundle: memory and work, taken before they are used.
//!
//! A few bytes of a file can ask for much: levels, branches that repeat others, golden cases of a
//! large model. Each place that does more than its bytes takes that from the budget first.

use crate::error::{Error, ErrorKind};

/// What every allocation costs besides its bytes.
const PER_ALLOCATION: u64 = 16;

/// The steps of computation of a function such as `ln` or `pow`.
pub(crate) const FUNCTION: u64 = 64;

/// The steps of computation of `n` times something that takes so many.
pub(crate) fn times(n: usize, steps: u64) -> u64 {
    (n as u64).saturating_mul(steps)
}

/// The most bytes that are spent on speed alone.
const MAX_FOR_SPEED: u64 = 1 << 21;

/// What is left to spend while a bundle is opened.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Bytes that are not yet taken.
    memory: u64,
    max_memory: u64,
    /// Bytes that may still be spent on speed alone.
    for_speed: u64,
    /// Steps of computation that are not yet taken, each of about a nanosecond.
    work: u64,
    max_work: u64,
}

impl Budget {
    pub(crate) fn new(max_memory: u64, max_work: u64) -> Self {
        Self { memory: max_memory, max_memory, for_speed: MAX_FOR_SPEED, work: max_work, max_work }
    }

    /// For parts that are in memory already and come from no file.
    pub(crate) fn unlimited() -> Self {
        Self::new(u64::MAX, u64::MAX)
    }

    /// Takes the memory of a list.
    ///
    /// # Errors
    ///
    /// `TooLarge` when that is more than what is left.
    pub(crate) fn take_list<T>(&mut self, n_items: usize) -> Result<(), Error> {
        self.take(bytes_of::<T>(n_items))
    }

    /// Gives the memory of a list back, once it is freed.
    pub(crate) fn return_list<T>(&mut self, n_items: usize) {
        self.give_back(bytes_of::<T>(n_items));
    }

    /// Takes memory.
    ///
    /// # Errors
    ///
    /// `TooLarge` when that is more than what is left.
    pub(crate) fn take(&mut self, n_bytes: u64) -> Result<(), Error> {
        match self.memory.checked_sub(n_bytes) {
            Some(left) => {
                self.memory = left;
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::TooLarge,
                format_args!(
                    "opening it needs more memory than the limit of {} bytes",
                    self.max_memory
                ),
            )),
        }
    }

    /// Takes memory and steps for what makes predictions faster and changes nothing else, if that leaves
    /// most of both to what is needed. Returns whether it did.
    pub(crate) fn afford(&mut self, n_bytes: u64, n_steps: u64) -> bool {
        let is_affordable =
            n_bytes <= self.for_speed.min(self.memory / 4) && n_steps <= self.work / 4;
        if is_affordable {
            self.for_speed -= n_bytes;
            self.memory -= n_bytes;
            self.work -= n_steps;
        }
        is_affordable
    }

    /// Gives memory back, once it is freed.
    pub(crate) fn give_back(&mut self, n_bytes: u64) {
        self.memory = self.memory.saturating_add(n_bytes).min(self.max_memory);
    }

    /// Takes steps of computation.
    ///
    /// # Errors
    ///
    /// `TooLarge` when that is more than what is left.
    pub(crate) fn work(&mut self, n_steps: u64) -> Result<(), Error> {
        match self.work.checked_sub(n_steps) {
            Some(left) => {
                self.work = left;
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::TooLarge,
                format_args!(
                    "opening it takes more computation than the limit of {} steps",
                    self.max_work
                ),
            )),
        }
    }
}

/// The bytes of a list, with those that the allocator needs.
pub(crate) fn bytes_of<T>(n_items: usize) -> u64 {
    list_bytes(n_items, size_of::<T>())
}

/// [`bytes_of`] a list whose items have this size.
pub(crate) fn list_bytes(n_items: usize, item_size: usize) -> u64 {
    if n_items == 0 {
        return 0;
    }
    (n_items as u64).saturating_mul(item_size as u64).saturating_add(PER_ALLOCATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn what_was_given_back_can_be_taken_again() {
        let mut budget = Budget::new(100, 5);
        budget.take_list::<f64>(8).unwrap();
        let refused = budget.take(21).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TooLarge);
        assert_eq!(refused.to_string(), "opening it needs more memory than the limit of 100 bytes");
        budget.return_list::<f64>(8);
        assert!(budget.take(100).is_ok());
        assert!(budget.take_list::<f64>(0).is_ok(), "an empty list takes nothing");
    }

    #[test]
    fn work_is_not_given_back() {
        let mut budget = Budget::new(0, 5);
        budget.work(5).unwrap();
        assert_eq!(budget.work(1).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}
