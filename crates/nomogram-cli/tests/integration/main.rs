//! The program as it is used: files in, files and exit codes out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod folder;
#[cfg(unix)]
mod shell;

mod commands;
mod difference;
mod explanations;
mod exports;
mod imports;
#[cfg(unix)]
mod interrupted;
mod monitor;
#[cfg(unix)]
mod outputs;
#[cfg(unix)]
mod redacted;
mod registry;
mod replaced;
#[cfg(all(unix, feature = "serve"))]
mod serving;
#[cfg(unix)]
mod streams;
mod tables;
mod training;
mod trusted;

mod typed_tables;
mod uncertainty;
