//! Lists and texts that fail with an error when there is no memory.
//!
//! What grows with a bundle is allocated here or by the codec, so that a host that runs out of memory
//! gets a status. What allocates elsewhere is small, and counted in `tests/out_of_memory.rs`.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Deref;

use crate::error::Error;

/// An empty list with room for exactly `n_items`.
///
/// # Errors
///
/// `OutOfMemory`.
pub(crate) fn list<T>(n_items: usize) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    list.try_reserve_exact(n_items).map_err(|_| Error::out_of_memory())?;
    Ok(list)
}

/// A list of `n_items` equal items.
///
/// # Errors
///
/// `OutOfMemory`.
pub(crate) fn filled<T: Copy>(item: T, n_items: usize) -> Result<Vec<T>, Error> {
    let mut filled = list(n_items)?;
    filled.resize(n_items, item);
    Ok(filled)
}

/// A copy of a list.
///
/// # Errors
///
/// `OutOfMemory`.
pub(crate) fn copy<T: Copy>(items: &[T]) -> Result<Vec<T>, Error> {
    let mut copy = list(items.len())?;
    copy.extend_from_slice(items);
    Ok(copy)
}

/// The items of an iterator.
///
/// # Errors
///
/// `OutOfMemory`, or the first error among the items.
pub(crate) fn collect<T>(items: impl Iterator<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    let mut collected = list(items.size_hint().0)?;
    for item in items {
        push(&mut collected, item?)?;
    }
    Ok(collected)
}

/// Appends an item.
///
/// # Errors
///
/// `OutOfMemory`; the list is then unchanged.
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), Error> {
    list.try_reserve(1).map_err(|_| Error::out_of_memory())?;
    list.push(item);
    Ok(())
}

/// A copy of a text.
///
/// # Errors
///
/// `OutOfMemory`.
pub(crate) fn text(text: &str) -> Result<String, Error> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len()).map_err(|_| Error::out_of_memory())?;
    copy.push_str(text);
    Ok(copy)
}

/// The bytes of a line of the cache, and of the longest vector.
pub(crate) const LINE: usize = 64;

/// Numbers of which the first one begins a line of the cache, where the allocator can be asked.
#[derive(Debug)]
pub(crate) struct Aligned {
    numbers: Vec<f64>,
    start: usize,
}

impl Aligned {
    /// How many numbers have to fit into memory so that `n_numbers` of them can be aligned.
    pub(crate) fn n_allocated(n_numbers: usize) -> usize {
        n_numbers + LINE / size_of::<f64>()
    }

    /// A copy of numbers.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn copy(copied: &[f64]) -> Result<Self, Error> {
        let mut numbers: Vec<f64> = list(Self::n_allocated(copied.len()))?;
        let n_skipped = numbers.as_ptr().align_offset(LINE);
        let start = if n_skipped < LINE / size_of::<f64>() { n_skipped } else { 0 };
        numbers.resize(start, 0.0);
        numbers.extend_from_slice(copied);
        Ok(Self { numbers, start })
    }
}

impl Deref for Aligned {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        self.numbers.get(self.start..).unwrap_or_default()
    }
}

/// The indices of items in the order of `compare`; of equal ones, the earlier first. Not generic: the code of
/// sorting is large.
///
/// # Errors
///
/// `OutOfMemory`.
pub(crate) fn order(
    n_items: usize,
    compare: &dyn Fn(u32, u32) -> Ordering,
) -> Result<Vec<u32>, Error> {
    let mut order: Vec<u32> = list(n_items)?;
    order.extend((0..).take(n_items));
    order.sort_unstable_by(|a, b| compare_indices(compare, *a, *b));
    Ok(order)
}

/// Out of line: sorting compares in many places.
#[inline(never)]
fn compare_indices(compare: &dyn Fn(u32, u32) -> Ordering, a: u32, b: u32) -> Ordering {
    compare(a, b).then(a.cmp(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn more_than_there_is_is_an_error() {
        let refused = list::<f64>(usize::MAX / 16).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::OutOfMemory);
    }

    #[test]
    fn the_first_error_among_the_items_is_returned() {
        let items = [Ok(1), Err(Error::invalid_model("no")), Ok(2)];
        assert_eq!(collect(items.into_iter()).unwrap_err().kind(), ErrorKind::InvalidModel);
        assert_eq!(collect((0..3).filter(|n| *n != 1).map(Ok)).unwrap(), [0, 2]);
        assert_eq!(filled(7, 2).unwrap(), copy(&[7, 7]).unwrap());
    }

    #[test]
    fn aligned_numbers_are_the_copied_ones() {
        for n in [0, 1, 8, 100] {
            let numbers: Vec<f64> = (0..n).map(f64::from).collect();
            let aligned = Aligned::copy(&numbers).unwrap();
            assert_eq!(*aligned, *numbers);
            assert_eq!(aligned.as_ptr().align_offset(LINE), 0);
        }
    }
}
