//! How many keys count for each requirement.

use alloc::vec::Vec;

use super::{Requirement, Valid};
use crate::error::Error;
use crate::memory;

/// The number of keys that count for each requirement.
///
/// If keys are distinct, each counts once at most, for the requirement where it is needed: an augmenting
/// path moves keys that could count elsewhere. There are few signatures, so the cube of their number is
/// little.
pub(super) fn counts(
    requirements: &[Requirement],
    valid: &[Valid<'_>],
    is_distinct: bool,
) -> Result<Vec<usize>, Error> {
    let mut counts = memory::filled(0, requirements.len())?;
    // Which requirement each valid signature is used for.
    let mut used: Vec<Option<usize>> = memory::filled(None, valid.len())?;
    let matcher = Matcher { requirements, valid, is_distinct };
    for (index, requirement) in requirements.iter().enumerate() {
        for _ in 0..requirement.n_keys.min(valid.len()) {
            let mut tried = memory::filled(false, valid.len())?;
            if !matcher.assign(index, &mut used, &mut tried) {
                break;
            }
            if let Some(count) = counts.get_mut(index) {
                *count += 1;
            }
        }
    }
    Ok(counts)
}

struct Matcher<'a> {
    requirements: &'a [Requirement],
    valid: &'a [Valid<'a>],
    is_distinct: bool,
}

impl Matcher<'_> {
    /// Finds one more key for a requirement, moving others where that helps. Recursion is as deep as there
    /// are signatures.
    fn assign(&self, requirement: usize, used: &mut [Option<usize>], tried: &mut [bool]) -> bool {
        let Some(role) = self.requirements.get(requirement).map(|r| r.role.as_str()) else {
            return false;
        };
        for (index, (key, signed)) in self.valid.iter().enumerate() {
            if *signed != role || tried.get(index).is_none_or(|tried| *tried) {
                continue;
            }
            if let Some(tried) = tried.get_mut(index) {
                *tried = true;
            }
            let rival = self.rival(*key, requirement, used);
            let is_free = match rival {
                None => true,
                // The key counts here already.
                Some((_, other)) if other == requirement => false,
                Some((place, other)) => {
                    let moved = self.assign(other, used, tried);
                    if moved && let Some(slot) = used.get_mut(place) {
                        *slot = None;
                    }
                    moved
                }
            };
            if is_free && let Some(slot) = used.get_mut(index) {
                *slot = Some(requirement);
                return true;
            }
        }
        false
    }

    /// The use of a key that excludes its use for a requirement.
    fn rival(
        &self,
        key: usize,
        requirement: usize,
        used: &[Option<usize>],
    ) -> Option<(usize, usize)> {
        let uses = self.valid.iter().zip(used).enumerate();
        let mut uses = uses.filter_map(|(place, ((other, _), used))| {
            used.filter(|_| *other == key).map(|used| (place, used))
        });
        uses.find(|(_, used)| self.is_distinct || *used == requirement)
    }
}
