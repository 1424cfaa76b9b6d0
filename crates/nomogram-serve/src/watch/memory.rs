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
    /// Whether another request with other predictions had the same id.
    is_ambiguous: bool,
    digest: u32,
    /// NaN for a row that was refused, or whose outcome was counted; the first of several.
    probability: f64,
}

/// Why there is no prediction for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The request or the row is not remembered, or its outcome was counted.
    Unknown,
    /// Several requests with other predictions had the id, so it names none of them.
    Ambiguous,
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
    /// makes the id ambiguous, unless the same model predicted the same: then it was sent again.
    pub(super) fn insert(&mut self, request: &str, mut remembered: Remembered) {
        remembered.rows.truncate(MAX_ROWS.min(self.capacity));
        let Some(id) = Id::new(request) else { return };
        let hash = self.hash.hash_one(id);
        if self.places.contains_key(&hash) {
            return self.compare(request, &remembered);
        }
        let Remembered { digest, rows, shadows } = remembered;
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
        self.oldest_first.push_back(Entry { id, is_ambiguous: false, digest, probability });
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

    /// Marks an id that is remembered as ambiguous when its predictions are others.
    fn compare(&mut self, request: &str, remembered: &Remembered) {
        let Some((place, position)) = self.place(request) else { return };
        let Some(entry) = self.oldest_first.get(position) else { return };
        let one = [entry.probability];
        let rows = self.several.get(&place).map_or(&one[..], |several| &several.rows);
        // What an outcome took is not known any more, and is no number.
        let is_same = self.digest(entry.digest).as_ref() == Some(&remembered.digest)
            && rows.len() == remembered.rows.len()
            && rows.iter().zip(&remembered.rows).all(|(row, other)| match other {
                Some(other) => row == other,
                None => row.is_nan(),
            });
        if let Some(entry) = self.oldest_first.get_mut(position) {
            entry.is_ambiguous |= !is_same;
        }
    }

    /// The prediction of a row, which is forgotten.
    pub(super) fn take(&mut self, request: &str, row: usize) -> Result<Predicted, Missing> {
        let (place, position) = self.place(request).ok_or(Missing::Unknown)?;
        if self.oldest_first.get(position).is_some_and(|entry| entry.is_ambiguous) {
            return Err(Missing::Ambiguous);
        }
        let predicted = self.find(place, position, row).ok_or(Missing::Unknown)?;
        self.set(place, position, row, f64::NAN);
        Ok(predicted)
    }

    /// Remembers a row again that was taken and could not be counted.
    pub(super) fn put_back(&mut self, request: &str, row: usize, probability: f64) {
        if let Some((place, position)) = self.place(request) {
            self.set(place, position, row, probability);
        }
    }

    fn find(&self, place: u32, position: usize, row: usize) -> Option<Predicted> {
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

    fn set(&mut self, place: u32, position: usize, row: usize, number: f64) {
        let probability = match self.several.get_mut(&place) {
            Some(several) => several.rows.get_mut(row),
            None => {
                let entry = self.oldest_first.get_mut(position);
                entry.filter(|_| row == 0).map(|entry| &mut entry.probability)
            }
        };
        if let Some(probability) = probability {
            *probability = number;
        }
    }
}

/// Probabilities of rows; NaN for those that were refused.
fn numbers(rows: Vec<Option<f64>>) -> Vec<f64> {
    rows.into_iter().map(|row| row.unwrap_or(f64::NAN)).collect()
}

#[cfg(test)]
mod tests;
