//! How many requests a caller may send: the generic cell rate algorithm, without a lock.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Peers whose rates are remembered; the peers beyond them share one bucket.
const MAX_PEERS: usize = 4096;
const NANOS: u64 = 1_000_000_000;

/// A rate of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds between requests.
    interval: u64,
    /// Requests that may come at once.
    burst: u64,
}

/// What is left of a caller's rate.
#[derive(Debug)]
pub struct Bucket {
    rate: Option<Rate>,
    /// When it is full again, in nanoseconds since the service began.
    full_at: AtomicU64,
}

/// The buckets of peers that have no key.
#[derive(Debug)]
pub struct Peers {
    rate: Option<Rate>,
    buckets: Mutex<BTreeMap<IpAddr, Arc<Bucket>>>,
    others: Arc<Bucket>,
}

impl Rate {
    /// So many requests per second, and a second's worth of them at once.
    #[must_use]
    pub fn per_second(requests: u32) -> Self {
        let requests = u64::from(requests.max(1));
        Self { interval: NANOS / requests, burst: requests }
    }
}

impl Bucket {
    /// A full bucket; without a rate it is always full.
    #[must_use]
    pub fn new(rate: Option<Rate>) -> Self {
        Self { rate, full_at: AtomicU64::new(0) }
    }

    /// Takes one request at a time since the service began.
    ///
    /// # Errors
    ///
    /// The time to wait, when none is left.
    pub fn take(&self, now: Duration) -> Result<(), Duration> {
        let Some(Rate { interval, burst }) = self.rate else { return Ok(()) };
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let next = full_at.max(now).saturating_add(interval);
            let limit = now.saturating_add(interval.saturating_mul(burst));
            if next > limit {
                return Err(Duration::from_nanos(next - limit));
            }
            let swapped = self.full_at.compare_exchange_weak(
                full_at,
                next,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match swapped {
                Ok(_) => return Ok(()),
                Err(changed) => full_at = changed,
            }
        }
    }

    fn is_full(&self, now: Duration) -> bool {
        u128::from(self.full_at.load(Ordering::Relaxed)) <= now.as_nanos()
    }
}

impl Peers {
    /// Buckets with this rate.
    #[must_use]
    pub fn new(rate: Option<Rate>) -> Self {
        Self { rate, buckets: Mutex::default(), others: Arc::new(Bucket::new(rate)) }
    }

    /// Takes one request of a peer.
    ///
    /// # Errors
    ///
    /// As [`Bucket::take`].
    pub fn take(&self, peer: Option<IpAddr>, now: Duration) -> Result<(), Duration> {
        if self.rate.is_none() {
            return Ok(());
        }
        peer.map_or_else(|| Arc::clone(&self.others), |peer| self.bucket(peer, now)).take(now)
    }

    fn bucket(&self, peer: IpAddr, now: Duration) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(&peer) {
            return Arc::clone(bucket);
        }
        if buckets.len() >= MAX_PEERS {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        if buckets.len() >= MAX_PEERS {
            return Arc::clone(&self.others);
        }
        let bucket = Arc::new(Bucket::new(self.rate));
        buckets.insert(peer, Arc::clone(&bucket));
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn a_bucket_gives_a_burst_and_then_its_rate() {
        let bucket = Bucket::new(Some(Rate::per_second(10)));
        let taken = |millis| bucket.take(Duration::from_millis(millis));
        assert_eq!((0..20).filter(|_| taken(5000).is_ok()).count(), 10);
        assert_eq!(taken(5000), Err(Duration::from_millis(100)));
        assert_eq!(
            (taken(5099).is_ok(), taken(5100).is_ok(), taken(5100).is_ok()),
            (false, true, false)
        );
        assert!(Bucket::new(None).take(Duration::ZERO).is_ok());
    }

    #[test]
    fn any_number_of_peers_takes_bounded_memory() {
        let peers = Peers::new(Some(Rate::per_second(1)));
        let refused = (0..20_000_u128).filter(|number| {
            let peer = IpAddr::from(Ipv6Addr::from_bits(*number));
            peers.take(Some(peer), Duration::from_secs(9)).is_err()
        });
        assert_eq!(refused.count(), 20_000 - MAX_PEERS - 1);
        assert_eq!(peers.buckets.lock().unwrap().len(), MAX_PEERS);
        let later = Duration::from_secs(99);
        assert!(peers.take(Some(IpAddr::from([1, 2, 3, 4])), later).is_ok());
        assert_eq!(peers.buckets.lock().unwrap().len(), 1);
    }
}
