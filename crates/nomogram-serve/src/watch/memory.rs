//! What was predicted for the newest requests, until their outcomes come. Never on disk.

use std::collections::{BTreeMap, VecDeque};

/// The most rows of one request that are remembered.
const MAX_ROWS: usize = 10_000;

/// What was predicted for a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The digest of the model that answered.
    pub digest: String,
    /// The probability of the second class of each row; `None` for a row that was refused, or whose
    /// outcome was counted.
    pub rows: Vec<Option<f64>>,
    /// Models that predicted the same rows without being asked, by digest.
    pub shadows: Vec<(String, Vec<Option<f64>>)>,
}

/// What was predicted for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// The digest of the model that answered.
    pub digest: String,
    /// The probability of the second class.
    pub probability: f64,
    /// The probabilities of shadow models that did not refuse the row, by digest.
    pub shadows: Vec<(String, f64)>,
}

/// The newest predictions, by request.
#[derive(Debug)]
pub(super) struct Memory {
    capacity: usize,
    n_rows: usize,
    requests: BTreeMap<String, Remembered>,
    oldest_first: VecDeque<String>,
}

impl Memory {
    /// A memory of at most `capacity` rows.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, n_rows: 0, requests: BTreeMap::new(), oldest_first: VecDeque::new() }
    }

    /// Adds a request; the oldest ones are forgotten where there is no room. A request whose id is known
    /// is not replaced, since an id names one request.
    pub(super) fn insert(&mut self, request: &str, mut remembered: Remembered) {
        remembered.rows.truncate(MAX_ROWS.min(self.capacity));
        if remembered.rows.is_empty() || self.requests.contains_key(request) {
            return;
        }
        self.n_rows += remembered.rows.len();
        self.requests.insert(request.to_owned(), remembered);
        self.oldest_first.push_back(request.to_owned());
        while self.n_rows > self.capacity {
            let Some(oldest) = self.oldest_first.pop_front() else { break };
            if let Some(forgotten) = self.requests.remove(&oldest) {
                self.n_rows -= forgotten.rows.len();
            }
        }
    }

    /// The prediction of a row.
    pub(super) fn find(&self, request: &str, row: usize) -> Option<Predicted> {
        let remembered = self.requests.get(request)?;
        let probability = remembered.rows.get(row).copied().flatten()?;
        let of_row = |(digest, rows): &(String, Vec<Option<f64>>)| {
            Some((digest.clone(), rows.get(row).copied().flatten()?))
        };
        let shadows = remembered.shadows.iter().filter_map(of_row).collect();
        Some(Predicted { digest: remembered.digest.clone(), probability, shadows })
    }

    /// Forgets the prediction of a row.
    pub(super) fn forget(&mut self, request: &str, row: usize) {
        let rows = self.requests.get_mut(request).map(|remembered| &mut remembered.rows);
        if let Some(probability) = rows.and_then(|rows| rows.get_mut(row)) {
            *probability = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_rows(rows: &[Option<f64>]) -> Remembered {
        Remembered { digest: "d".into(), rows: rows.to_vec(), shadows: Vec::new() }
    }

    fn take(memory: &mut Memory, request: &str, row: usize) -> Option<f64> {
        let found = memory.find(request, row).map(|found| found.probability);
        memory.forget(request, row);
        found
    }

    #[test]
    fn an_outcome_is_taken_once() {
        let mut memory = Memory::new(10);
        memory.insert("a", of_rows(&[Some(0.1), None, Some(0.3)]));
        let taken = |memory: &mut Memory, row| take(memory, "a", row);
        assert_eq!(taken(&mut memory, 2), Some(0.3));
        assert_eq!(taken(&mut memory, 2), None);
        assert_eq!(taken(&mut memory, 1), None);
        assert_eq!(taken(&mut memory, 9), None);
        memory.insert("a", of_rows(&[Some(0.9)]));
        assert_eq!(taken(&mut memory, 0), Some(0.1), "an id names one request");
    }

    #[test]
    fn the_oldest_requests_are_forgotten_first() {
        let mut memory = Memory::new(3);
        for request in ["a", "b", "c"] {
            memory.insert(request, of_rows(&[Some(0.5), Some(0.5)]));
        }
        assert!(memory.find("a", 0).is_none() && memory.find("b", 0).is_none());
        assert!(memory.find("c", 1).is_some());
        memory.insert("d", of_rows(&[Some(0.5); 7]));
        assert!(memory.find("d", 2).is_some() && memory.find("d", 3).is_none());
    }
}
