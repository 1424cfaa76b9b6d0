//! Work in parallel, in order, with bounded memory: one reader, several workers, one writer.
//!
//! Item `i` goes to worker `i % n`, and the writer takes results from the workers in turn: so order
//! needs no sorting, and what is under way is bounded by the channels.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, available_parallelism};

use crate::error::Error;

/// How many items may wait before and after each worker.
const WAITING: usize = 2;

/// How many threads to start: as many as asked for; without a number, one per processor.
pub(crate) fn n_threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from)
}

/// Reads items with `next`, turns each into a result on one of several threads, and hands the
/// results to `write` in the order of the items. Each entry of `workers` is one thread.
///
/// # Errors
///
/// The first one in the order of the items, whoever failed; what comes after it is not written.
pub(crate) fn run<I: Send + 'static, O: Send + 'static, W>(
    next: impl FnMut() -> Result<Option<I>, Error> + Send + 'static,
    workers: Vec<W>,
    mut write: impl FnMut(O) -> Result<(), Error>,
) -> Result<(), Error>
where
    W: FnMut(I) -> Result<O, Error> + Send + 'static,
{
    let (mut to_workers, mut from_workers) = (Vec::new(), Vec::new());
    let mut threads = Vec::new();
    for worker in workers {
        let (sender, items) = sync_channel(WAITING);
        let (results, receiver) = sync_channel(WAITING);
        threads.push(thread::spawn(move || work(worker, &items, &results)));
        to_workers.push(sender);
        from_workers.push(receiver);
    }
    threads.push(thread::spawn(move || read(next, &to_workers)));
    // The first worker that is at its end has had the last item. A failure returns at once: the
    // threads then find their channels closed, and a reader that waits for its input is left to it.
    for results in from_workers.iter().cycle() {
        let Ok(result) = results.recv() else { break };
        write(result?)?;
    }
    // Nobody may wait for us while we wait for them, even if a worker panicked.
    drop(from_workers);
    for thread in threads {
        thread.join().map_err(|_| Error::Defect("a thread panicked"))?;
    }
    Ok(())
}

fn read<I>(
    mut next: impl FnMut() -> Result<Option<I>, Error>,
    to_workers: &[SyncSender<Result<I, Error>>],
) {
    for worker in to_workers.iter().cycle() {
        let Some(item) = next().transpose() else { return };
        let is_failure = item.is_err();
        if worker.send(item).is_err() || is_failure {
            return;
        }
    }
}

fn work<I, O>(
    mut worker: impl FnMut(I) -> Result<O, Error>,
    items: &Receiver<Result<I, Error>>,
    results: &SyncSender<Result<O, Error>>,
) {
    while let Ok(item) = items.recv() {
        let result = item.and_then(&mut worker);
        let is_failure = result.is_err();
        if results.send(result).is_err() || is_failure {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(end: u32) -> impl FnMut() -> Result<Option<u32>, Error> + Send + 'static {
        let mut numbers = 0..end;
        move || Ok(numbers.next())
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for n_threads in [1, 2, 7] {
            let double = |number: u32| {
                thread::sleep(std::time::Duration::from_micros(u64::from(number % 3) * 50));
                Ok(2 * number)
            };
            let mut results = Vec::new();
            let write = |result| {
                results.push(result);
                Ok(())
            };
            run(numbers(100), vec![double; n_threads], write).unwrap();
            assert_eq!(results, (0..100).map(|number| 2 * number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_failure_ends_it() {
        let fail = |number: u32| match number {
            20 => Err(Error::Usage("20".into())),
            21 => Err(Error::Usage("21".into())),
            _ => Ok(number),
        };
        let mut n_written = 0;
        let write = |_| {
            n_written += 1;
            Ok(())
        };
        let error = run(numbers(100), vec![fail; 3], write).unwrap_err();
        assert_eq!((error.to_string().as_str(), n_written), ("20", 20));
    }
}
