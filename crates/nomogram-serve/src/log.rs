//! The log: one line of JSON for a request or an event, without waiting for the disk.
//!
//! A line is added to a buffer; a thread writes the buffer ten times a second. When the output cannot keep
//! up or cannot be written, lines are dropped and counted: an answer does not wait for a log.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::json_writer::JsonWriter;

/// Bytes of lines that wait for the output.
const MAX_WAITING: usize = 4 << 20;
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

/// A log.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Vec<u8>>,
    is_ending: AtomicBool,
    ended: Condvar,
    n_dropped: AtomicU64,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// A log to an output.
    ///
    /// # Errors
    ///
    /// When there can be no further thread.
    pub fn new(output: impl Write + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write_until_end(&of_thread, output))?;
        Ok(Self { shared, writer: Some(writer) })
    }

    /// A log that nobody reads.
    #[must_use]
    pub fn none() -> Self {
        Self { shared: Arc::default(), writer: None }
    }

    /// Whether lines go anywhere.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.writer.is_some()
    }

    /// Adds a line; `members` writes what comes after time and level.
    pub(crate) fn line(&self, level: &str, members: impl FnOnce(&mut JsonWriter<'_>)) {
        if !self.is_written() {
            return;
        }
        let mut waiting = self.shared.waiting();
        if waiting.len() > MAX_WAITING {
            self.shared.n_dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut json = JsonWriter::new(&mut waiting);
        json.open(b'{');
        json.named_text("time", &timestamp(SystemTime::now()));
        json.named_text("level", level);
        members(&mut json);
        json.close(b'}');
        waiting.push(b'\n');
    }

    /// Adds a line about the service itself.
    pub fn event(&self, level: &str, event: &str, details: &[(&str, &str)]) {
        self.line(level, |json| {
            json.named_text("event", event);
            for (name, text) in details {
                json.named_text(name, text);
            }
        });
    }

    /// How many lines were dropped.
    #[must_use]
    pub fn n_dropped(&self) -> u64 {
        self.shared.n_dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Release);
        self.shared.ended.notify_all();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to write.
            drop(writer.join());
        }
    }
}

fn write_until_end(shared: &Shared, mut output: impl Write) {
    let (mut lines, mut is_cut) = (Vec::new(), false);
    loop {
        let is_ending = shared.is_ending.load(Ordering::Acquire);
        std::mem::swap(&mut lines, &mut *shared.waiting());
        if !lines.is_empty() {
            // Only the begin of a line was written.
            is_cut = is_cut && write_start(&mut output, b"\n") == 0;
            let n_written = if is_cut { 0 } else { write_start(&mut output, &lines) };
            let (written, lost) = lines.split_at(n_written);
            let n_lost = lost.iter().filter(|byte| **byte == b'\n').count();
            shared.n_dropped.fetch_add(n_lost as u64, Ordering::Relaxed);
            is_cut |= !lost.is_empty() && written.last().is_some_and(|byte| *byte != b'\n');
            lines.clear();
        }
        if is_ending {
            return;
        }
        let waiting = shared.waiting();
        let waited = shared.ended.wait_timeout(waiting, FLUSH_INTERVAL);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Writes as much as the output takes. Returns how many bytes that was.
fn write_start(output: &mut impl Write, bytes: &[u8]) -> usize {
    let mut n_written = 0;
    while let Some(rest) = bytes.get(n_written..).filter(|rest| !rest.is_empty()) {
        match output.write(rest) {
            Ok(0) => break,
            Ok(n_bytes) => n_written += n_bytes,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // What a buffer held is lost with its error, and cannot be counted.
    drop(output.flush());
    n_written
}

/// A time as RFC 3339 writes it, in UTC with milliseconds.
#[must_use]
pub fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of a number of days after 1970-01-01. Years begin in March here, so that the leap
/// day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output with room for so many bytes.
    struct Full<'a>(&'a mut Vec<u8>, usize);

    impl Write for Full<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let n_bytes = bytes.len().min(self.1 - self.0.len());
            self.0.extend_from_slice(&bytes[..n_bytes]);
            if n_bytes == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(n_bytes) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        for (room, written, n_lost) in
            [(0, "", 3), (3, "a\nb", 2), (4, "a\nb\n", 1), (6, "a\nb\nc\n", 0)]
        {
            let shared = Shared::default();
            shared.waiting().extend_from_slice(b"a\nb\nc\n");
            shared.is_ending.store(true, Ordering::Release);
            let mut text = Vec::new();
            write_until_end(&shared, Full(&mut text, room));
            assert_eq!(text, written.as_bytes());
            assert_eq!(shared.n_dropped.load(Ordering::Relaxed), n_lost, "{room} bytes");
        }
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        let shown = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(shown(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(shown(1_795_884_606), "2026-11-28T16:50:06.000Z");
        assert_eq!(shown(4_107_542_399), "2100-02-28T23:59:59.000Z");
    }
}
