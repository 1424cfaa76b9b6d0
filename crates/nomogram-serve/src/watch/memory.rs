//! What was predicted for the newest requests, until their outcomes come. Never on disk.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

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

/// The newest predictions, by request. Most requests have one row, which takes 32 bytes and its place in the
/// index.
#[derive(Debug)]
pub(super) struct Memory {
    capacity: usize,
    n_rows: usize,
    oldest_first: VecDeque<Entry>,
    /// How many requests were forgotten.
    n_forgotten: u32,
    /// How many requests had come before each one, by the hash of its id.
    places: BTreeMap<u64, u32>,
    hash: RandomState,
    /// Those of several rows or with shadows, by how many requests had come before.
    several: BTreeMap<u32, Rows>,
    /// The digests of all models so far; others refer to them by position.
    digests: Vec<String>,
}

/// The id of a request: its digits, and whether it is a UUID, whose dashes are elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Id([u8; 16], bool);

#[derive(Debug)]
struct Entry {
    id: Id,
    digest: u32,
    /// NaN for a row that was refused, or whose outcome was counted; the first of several.
    probability: f64,
}

/// Probabilities, as those of entries.
#[derive(Debug)]
struct Rows {
    rows: Vec<f64>,
    shadows: Vec<(u32, Vec<f64>)>,
}

impl Id {
    /// The id that a text is; none for a text that no request has as its id.
    fn new(text: &str) -> Option<Self> {
        let is_uuid = match text.len() {
            36 => true,
            33 => false,
            _ => return None,
        };
        let (mut bytes, mut n_digits) = ([0; 16], 0);
        for (position, byte) in text.bytes().enumerate() {
            let is_dash = match is_uuid {
                true => matches!(position, 8 | 13 | 18 | 23),
                false => position == 16,
            };
            if is_dash {
                if byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = u8::try_from(char::from(byte).to_digit(16)?).ok()?;
            let slot = bytes.get_mut(n_digits / 2)?;
            *slot = *slot << 4 | digit;
            n_digits += 1;
        }
        Some(Self(bytes, is_uuid))
    }
}

impl Memory {
    /// A memory of at most `capacity` rows.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            n_rows: 0,
            oldest_first: VecDeque::new(),
            n_forgotten: 0,
            places: BTreeMap::new(),
            hash: RandomState::new(),
            several: BTreeMap::new(),
            digests: Vec::new(),
        }
    }

    /// Adds a request; the oldest ones are forgotten where there is no room. A request whose id is known
    /// is not replaced, since an id names one request.
    pub(super) fn insert(&mut self, request: &str, mut remembered: Remembered) {
        remembered.rows.truncate(MAX_ROWS.min(self.capacity));
        let Some(id) = Id::new(request) else { return };
        let hash = self.hash.hash_one(id);
        if self.places.contains_key(&hash) {
            return;
        }
        let Remembered { digest, rows, shadows } = remembered;
        let numbers = |rows: Vec<Option<f64>>| -> Vec<f64> {
            rows.into_iter().map(|row| row.unwrap_or(f64::NAN)).collect()
        };
        let rows = numbers(rows);
        let Some(probability) = rows.first().copied() else { return };
        let digest = self.position_of(digest);
        // Never more than the capacity, so that the difference to `n_forgotten` is exact.
        let n_requests = u32::try_from(self.oldest_first.len()).unwrap_or(u32::MAX);
        let place = self.n_forgotten.wrapping_add(n_requests);
        self.n_rows += rows.len();
        if rows.len() > 1 || !shadows.is_empty() {
            let shadows = shadows.into_iter();
            let shadows = shadows.map(|(digest, rows)| (self.position_of(digest), numbers(rows)));
            let shadows = shadows.collect();
            self.several.insert(place, Rows { rows, shadows });
        }
        self.places.insert(hash, place);
        self.oldest_first.push_back(Entry { id, digest, probability });
        while self.n_rows > self.capacity {
            let Some(Entry { id, .. }) = self.oldest_first.pop_front() else { break };
            let several = self.several.remove(&self.n_forgotten);
            self.n_rows -= several.map_or(1, |several| several.rows.len());
            self.n_forgotten = self.n_forgotten.wrapping_add(1);
            self.places.remove(&self.hash.hash_one(id));
        }
    }

    fn position_of(&mut self, digest: String) -> u32 {
        let known = self.digests.iter().rposition(|known| *known == digest);
        let position = known.unwrap_or_else(|| {
            self.digests.push(digest);
            self.digests.len() - 1
        });
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    fn digest(&self, position: u32) -> Option<String> {
        self.digests.get(usize::try_from(position).ok()?).cloned()
    }

    /// How many requests had come before this one, and its position among those that are remembered.
    fn place(&self, request: &str) -> Option<(u32, usize)> {
        let id = Id::new(request)?;
        let place = *self.places.get(&self.hash.hash_one(id))?;
        let position = usize::try_from(place.wrapping_sub(self.n_forgotten)).ok()?;
        let is_this = self.oldest_first.get(position).is_some_and(|entry| entry.id == id);
        is_this.then_some((place, position))
    }

    /// The prediction of a row.
    pub(super) fn find(&self, request: &str, row: usize) -> Option<Predicted> {
        let (place, position) = self.place(request)?;
        let Entry { digest, probability, .. } = self.oldest_first.get(position)?;
        let known = |number: &f64| (!number.is_nan()).then_some(*number);
        let (probability, shadows) = match self.several.get(&place) {
            None => (known(probability).filter(|_| row == 0)?, Vec::new()),
            Some(Rows { rows, shadows }) => {
                let of_row = |(digest, rows): &(u32, Vec<f64>)| {
                    Some((self.digest(*digest)?, rows.get(row).and_then(known)?))
                };
                (rows.get(row).and_then(known)?, shadows.iter().filter_map(of_row).collect())
            }
        };
        Some(Predicted { digest: self.digest(*digest)?, probability, shadows })
    }

    /// Forgets the prediction of a row.
    pub(super) fn forget(&mut self, request: &str, row: usize) {
        let Some((place, position)) = self.place(request) else { return };
        let probability = match self.several.get_mut(&place) {
            Some(several) => several.rows.get_mut(row),
            None => {
                let entry = self.oldest_first.get_mut(position);
                entry.filter(|_| row == 0).map(|entry| &mut entry.probability)
            }
        };
        if let Some(probability) = probability {
            *probability = f64::NAN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id as the service makes it.
    fn id(letter: char) -> String {
        format!("{:016x}-{:016x}", 7, u32::from(letter))
    }

    fn of_rows(rows: &[Option<f64>]) -> Remembered {
        Remembered { digest: "d".into(), rows: rows.to_vec(), shadows: Vec::new() }
    }

    fn take(memory: &mut Memory, request: char, row: usize) -> Option<f64> {
        let found = memory.find(&id(request), row).map(|found| found.probability);
        memory.forget(&id(request), row);
        found
    }

    #[test]
    fn an_outcome_is_taken_once() {
        let mut memory = Memory::new(10);
        memory.insert(&id('a'), of_rows(&[Some(0.1), None, Some(0.3)]));
        let taken = |memory: &mut Memory, row| take(memory, 'a', row);
        assert_eq!(taken(&mut memory, 2), Some(0.3));
        assert_eq!(taken(&mut memory, 2), None);
        assert_eq!(taken(&mut memory, 1), None);
        assert_eq!(taken(&mut memory, 9), None);
        memory.insert(&id('a'), of_rows(&[Some(0.9)]));
        assert_eq!(taken(&mut memory, 0), Some(0.1), "an id names one request");
    }

    #[test]
    fn the_oldest_requests_are_forgotten_first() {
        let mut memory = Memory::new(3);
        for request in ['a', 'b', 'c'] {
            memory.insert(&id(request), of_rows(&[Some(0.5), Some(0.5)]));
        }
        assert!(memory.find(&id('a'), 0).is_none() && memory.find(&id('b'), 0).is_none());
        assert!(memory.find(&id('c'), 1).is_some());
        memory.insert(&id('d'), of_rows(&[Some(0.5); 7]));
        assert!(memory.find(&id('d'), 2).is_some() && memory.find(&id('d'), 3).is_none());
    }

    #[test]
    fn every_request_is_remembered_until_newer_ones_take_its_place() {
        let mut memory = Memory::new(100);
        // The counters wrap around in between.
        memory.n_forgotten = u32::MAX - 500;
        for number in 0..1000_u32 {
            let n_rows = usize::from(number % 3 == 0) + 1;
            let rows = vec![Some(f64::from(number)); n_rows];
            let shadows = vec![("s".to_owned(), vec![None; n_rows]); usize::from(number % 5 == 0)];
            let digest = format!("d{}", number % 2);
            let request = format!("0b3c1f0e-8e7c-4a4c-9a53-{number:012x}");
            memory.insert(&request, Remembered { digest, rows, shadows });
            let newest = memory.find(&request, n_rows - 1).unwrap();
            assert_eq!(newest.probability, f64::from(number));
            assert_eq!(newest.digest, format!("d{}", number % 2));
            assert_eq!(newest.shadows, []);
            assert!(memory.find(&request, n_rows).is_none());
        }
        assert!(memory.n_rows <= 100 && memory.oldest_first.len() == memory.places.len());
        assert!(memory.several.len() < 50 && size_of::<Entry>() == 32);
        let is_known = |number: u32| {
            memory.find(&format!("0b3c1f0e-8e7c-4a4c-9a53-{number:012X}"), 0).is_some()
        };
        assert!(!is_known(920) && is_known(930) && is_known(999));
    }

    #[test]
    fn ids_with_the_same_digits_are_of_two_requests() {
        let mut memory = Memory::new(10);
        let (own, uuid) =
            ("0b3c1f0e8e7c4a4c-9a531f2f3a4b5c6d", "0b3c1f0e-8e7c-4a4c-9a53-1f2f3a4b5c6d");
        memory.insert(own, of_rows(&[Some(0.1)]));
        memory.insert(uuid, of_rows(&[Some(0.2)]));
        let found = [own, uuid].map(|id| memory.find(id, 0).unwrap().probability);
        assert_eq!(found, [0.1, 0.2]);
        for text in ["", "a", "0b3c1f0e8e7c4a4c+9a531f2f3a4b5c6d", &"g".repeat(33), &"-".repeat(36)]
        {
            memory.insert(text, of_rows(&[Some(0.3)]));
            assert!(memory.find(text, 0).is_none(), "{text}");
        }
    }
}
