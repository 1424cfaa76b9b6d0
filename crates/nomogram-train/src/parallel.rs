//! Fallible work on all threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// The results in the order of the items, or the error of the first item that has one, whatever the number of
/// threads: rayon alone returns the error that comes first in time. Items after a failed one may be left out.
///
/// # Errors
///
/// As `work`.
pub(crate) fn try_map<I, T, E>(
    items: I,
    work: impl Fn(I::Item) -> Result<T, E> + Send + Sync,
) -> Result<Vec<T>, E>
where
    I: IndexedParallelIterator,
    T: Send,
    E: Send,
{
    let first_failed = AtomicUsize::new(usize::MAX);
    let of_item = |(index, item)| {
        if index > first_failed.load(Ordering::Relaxed) {
            return None;
        }
        let result = work(item);
        if result.is_err() {
            first_failed.fetch_min(index, Ordering::Relaxed);
        }
        Some(result)
    };
    let results: Vec<Option<Result<T, E>>> = items.enumerate().map(of_item).collect();
    // Whatever was left out comes after an error.
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_error_is_that_of_the_first_item_that_fails() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let work = |item: u64| {
            // The later an item, the sooner it is done.
            std::thread::sleep(Duration::from_millis(20_u64.saturating_sub(5 * item)));
            if item >= 2 { Err(item) } else { Ok(item) }
        };
        for _ in 0..20 {
            let items = || vec![0_u64, 1, 2, 3, 4, 5].into_par_iter();
            assert_eq!(pool.install(|| try_map(items(), work)), Err(2));
        }
        let items = vec![1_u64, 0].into_par_iter();
        assert_eq!(pool.install(|| try_map(items, work)), Ok(vec![1, 0]));
    }
}
