//! The progress bar.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use nomogram_table::{FileKind, Source};

use super::When;
use crate::console::Console;

/// A bar on standard error, or nothing.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// No bar if standard error is not a terminal or progress is off.
    pub(super) fn new(source: &Source, when: When, console: &Console) -> Self {
        let is_shown = when == When::Auto && console.is_talkative() && io::stderr().is_terminal();
        if !is_shown {
            return Self(None);
        }
        let template = match (source.length(), source.kind()) {
            (None, _) => "{spinner} {pos} {elapsed}",
            (Some(_), FileKind::Csv) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            (Some(_), _) => "{bar:30} {pos}/{len} rows {per_sec} {eta}",
        };
        let style = ProgressStyle::with_template(template);
        let bar = source.length().map_or_else(ProgressBar::no_length, ProgressBar::new);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Some(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }))
    }

    pub(super) fn advance(&self, length: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(length);
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
