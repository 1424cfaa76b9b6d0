//! A limit on connections.

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;

use axum_server::Handle;
use axum_server::accept::Accept;
use futures_util::future::Either;

/// Closes connections beyond a number.
#[derive(Clone, Debug)]
pub(super) struct Limited<A> {
    pub(super) inner: A,
    pub(super) handle: Handle<SocketAddr>,
    pub(super) max_connections: usize,
}

impl<A, I, S> Accept<I, S> for Limited<A>
where
    A: Accept<I, S>,
{
    type Stream = A::Stream;
    type Service = A::Service;
    type Future = Either<A::Future, Ready<io::Result<(A::Stream, A::Service)>>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        if self.handle.connection_count() > self.max_connections {
            return Either::Right(ready(Err(io::Error::other("too many connections"))));
        }
        Either::Left(self.inner.accept(stream, service))
    }
}
