//! Random numbers that are the same on every platform and in every version.
//!
//! The generator is PCG (XSL RR 128/64) of the `rand_pcg` crate, whose values are stable; shuffles
//! and uniform numbers are written here, because those of `rand` change between versions.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// A stream of random numbers.
#[derive(Debug)]
pub struct Random(Pcg64);

impl Random {
    /// The stream of `seed` for one purpose; other purposes have other streams.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(Pcg64::new(u128::from(seed), u128::from(purpose)))
    }

    /// A number in `[0, 1)`, a multiple of 2⁻⁵³.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A seed for another generator.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number below `n`, uniformly distributed (Lemire 2019, with rejection); `n` is at least 1.
    #[allow(clippy::cast_possible_truncation, reason = "the low and the high half are wanted")]
    pub fn below(&mut self, n: u64) -> u64 {
        let rejected = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(n);
            if product as u64 >= rejected {
                return (product >> 64) as u64;
            }
        }
    }

    /// Shuffles by Fisher and Yates, from the last place down.
    #[allow(clippy::cast_possible_truncation, reason = "an index below a length fits `usize`")]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_were_when_bundles_were_first_made() {
        let mut random = Random::new(1, 2);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        random.shuffle(&mut items);
        assert_eq!(items, [7, 3, 5, 1, 0, 4, 2, 6]);
        assert_eq!(random.uniform().to_bits(), 4_606_664_209_217_621_909);
    }

    #[test]
    fn numbers_below_a_bound_are_uniform() {
        let mut random = Random::new(3, 0);
        let mut counts = [0_i32; 5];
        for _ in 0..50_000 {
            counts[usize::try_from(random.below(5)).unwrap()] += 1;
        }
        // Standard deviation of a count: sqrt(50000 · 0.2 · 0.8) = 89.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 450), "{counts:?}");
    }
}
