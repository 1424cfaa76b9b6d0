//! A client of HTTP/1.1 over TCP or TLS: for the command line, the keys of a provider, and alarms.
//!
//! Every request has a connection of its own. Redirects are not followed, and every wait has a limit.

mod address;

mod connection;

mod exchange;
mod fetch;

pub use address::Address;
pub use connection::{Tls, encoded};
pub use exchange::{Client, Receiving, Sending};
pub use fetch::{FetchLimits, fetch, post, post_and_read};
