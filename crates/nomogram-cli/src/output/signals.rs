//! Removing part files when a signal ends the program.
//!
//! Unix: `signal-hook`, whose safe interface names the signal and repeats its default action, so
//! that a shell sees which signal ended the program. Windows: `ctrlc`. Nothing can be done on KILL:
//! the next run removes what it left.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// The part files that exist.
#[derive(Debug)]
pub(super) struct Registry {
    parts: Vec<PathBuf>,
    /// The outputs have their names: a signal comes too late, and the program is about to end.
    is_committed: bool,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { parts: Vec::new(), is_committed: false });
static HANDLER: Once = Once::new();

/// Locks the registry. While it is locked, no signal ends the program.
pub(super) fn lock() -> MutexGuard<'static, Registry> {
    HANDLER.call_once(install_handler);
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    pub(super) fn add(&mut self, part: &Path) {
        self.parts.push(part.to_owned());
    }

    /// Removes a part file that was not renamed.
    pub(super) fn remove(&mut self, part: &Path) {
        if self.parts.iter().any(|known| known == part) {
            // It may have been removed with its folder.
            let _ = fs::remove_file(part);
            self.forget(part);
        }
    }

    /// Keeps a part file that was renamed.
    pub(super) fn forget(&mut self, part: &Path) {
        self.parts.retain(|known| known != part);
    }

    pub(super) fn set_committed(&mut self) {
        self.is_committed = true;
    }
}

/// Removes all part files, then ends the program with `end`.
fn clean_up(end: impl FnOnce()) {
    // Stays locked until the program has ended, so that no further part file is created.
    let registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    if registry.is_committed {
        return;
    }
    for part in &registry.parts {
        let _ = fs::remove_file(part);
    }
    end();
}

/// Makes writing beyond the limit of `ulimit -f` an error instead of the end of the program.
#[cfg(unix)]
pub(crate) fn refuse_large_files() {
    use signal_hook::consts::SIGXFSZ;
    use std::sync::Arc;
    // The flag is not read: any handler makes `write` return EFBIG. A failure to install it leaves
    // the default action.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

#[cfg(not(unix))]
pub(crate) fn refuse_large_files() {}

#[cfg(unix)]
fn install_handler() {
    use signal_hook::consts::{
        SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU,
    };
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    let all = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU];
    let ignored = ignored_signals();
    let is_heeded = |signal: &i32| match ignored {
        // `nohup` ignores HUP, and a shell ignores INT and QUIT in a script's background jobs.
        Some(mask) => mask >> (signal - 1) & 1 == 0,
        None => *signal != SIGHUP,
    };
    let Ok(mut signals) = Signals::new(all.into_iter().filter(is_heeded)) else {
        // Without a handler, a signal leaves a part file, which the next run removes.
        return;
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            clean_up(|| {
                // The first process of a container has no default action: the kernel ignores it.
                if std::process::id() != 1 {
                    let _ = emulate_default_handler(signal);
                }
                std::process::exit(128 + signal);
            });
        }
    });
}

/// Returns the mask of the signals that are ignored, on systems that report it in a file.
#[cfg(unix)]
fn ignored_signals() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(windows)]
fn install_handler() {
    // As above.
    let _ = ctrlc::set_handler(|| clean_up(|| std::process::exit(130)));
}

#[cfg(not(any(unix, windows)))]
fn install_handler() {}
