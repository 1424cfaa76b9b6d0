//! Progress of long work.

/// Receives the progress of fits, from any thread. Closures of these arguments implement it.
pub trait Progress: Send {
    /// `done` of `total` fits are finished; `next` is being fitted.
    fn fitting(&mut self, done: usize, total: usize, next: &str);
}

impl<F: FnMut(usize, usize, &str) + Send> Progress for F {
    fn fitting(&mut self, done: usize, total: usize, next: &str) {
        self(done, total, next);
    }
}

/// Progress that is discarded.
pub(super) fn unseen() -> impl Progress {
    |_: usize, _: usize, _: &str| {}
}
