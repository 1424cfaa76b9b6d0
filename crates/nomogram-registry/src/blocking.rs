//! Runs a call to its end, for programs without a runtime.

use crate::error::Error;

/// Runs a call of a registry to its end on this thread. Not for use inside of a runtime.
///
/// # Errors
///
/// That of the call; `Store` when the system gives no runtime.
pub fn block_on<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|cause| Error::store("runtime", cause))?.block_on(call)
}
