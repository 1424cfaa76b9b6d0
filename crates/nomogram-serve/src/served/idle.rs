//! What is lent to requests and used again: sessions and explainers.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Things that nobody uses at the moment: never more than threads have used at a time.
pub(super) struct Idle<T>(Mutex<Vec<T>>);

/// A thing that is lent, and given back when this is dropped.
pub struct Lease<'a, T> {
    thing: Option<T>,
    idle: &'a Idle<T>,
}

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Idle<T> {
    pub(super) fn things(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Option<T> {
        self.things().pop()
    }

    pub(super) fn lend(&self, thing: T) -> Lease<'_, T> {
        Lease { thing: Some(thing), idle: self }
    }
}

impl<T> Deref for Lease<'_, T> {
    type Target = T;

    #[allow(clippy::expect_used, reason = "only `drop` takes it")]
    fn deref(&self) -> &T {
        self.thing.as_ref().expect("a lease has its thing until it is dropped")
    }
}

impl<T> DerefMut for Lease<'_, T> {
    #[allow(clippy::expect_used, reason = "only `drop` takes it")]
    fn deref_mut(&mut self) -> &mut T {
        self.thing.as_mut().expect("a lease has its thing until it is dropped")
    }
}

impl<T> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        // A panic may have left it half way.
        if let Some(thing) = self.thing.take().filter(|_| !std::thread::panicking()) {
            self.idle.things().push(thing);
        }
    }
}

impl<T> fmt::Debug for Lease<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}
