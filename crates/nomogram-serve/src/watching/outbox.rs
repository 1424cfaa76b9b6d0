//! What waits to be sent, bounded: where it is full, the oldest gives way.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

#[derive(Debug)]
pub(super) struct Outbox<T> {
    capacity: usize,
    waiting: Mutex<VecDeque<T>>,
    filled: Notify,
}

impl<T> Outbox<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, waiting: Mutex::default(), filled: Notify::new() }
    }

    /// Adds one. Returns the oldest where there was no room.
    pub(super) fn push(&self, item: T) -> Option<T> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = if waiting.len() < self.capacity { None } else { waiting.pop_front() };
        waiting.push_back(item);
        self.filled.notify_one();
        dropped
    }

    /// Takes the oldest, once there is one.
    pub(super) async fn next(&self) -> T {
        loop {
            let oldest = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match oldest {
                Some(oldest) => return oldest,
                None => self.filled.notified().await,
            }
        }
    }
}
