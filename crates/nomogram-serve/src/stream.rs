//! Bodies between asynchronous connections and a thread that computes, with bounded memory.
//!
//! A task moves pieces of the request to the thread, and the pieces that it writes become the answer.
//! Either side waits for the other when enough pieces are on their way. A caller who does not read its
//! answer while it sends may have a few pieces of it waiting.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::problem::{Problem, ProblemKind};

/// Pieces of a request that wait for the thread.
const MAX_RECEIVED: usize = 16;
/// Pieces of an answer that wait for the caller.
const MAX_WAITING: usize = 256;
/// Bytes of a piece of an answer, about.
pub const PIECE_BYTES: usize = 64 << 10;

/// The body of a request, for a thread to read.
#[derive(Debug)]
pub struct Received {
    pieces: mpsc::Receiver<Result<Bytes, Problem>>,
    piece: Bytes,
    /// Why reading failed, for those who get an [`io::Error`] only.
    problem: Arc<Mutex<Option<Problem>>>,
}

/// The answer that a thread writes.
#[derive(Debug)]
pub struct Answering {
    pieces: mpsc::Sender<Result<Bytes, Problem>>,
}

/// The answer, for the connection.
#[derive(Debug)]
pub struct Answered {
    pieces: mpsc::Receiver<Result<Bytes, Problem>>,
}

/// Moves the body of a request to a thread; each piece must come within `max_wait`.
#[must_use]
pub fn receive(body: Body, max_bytes: u64, max_wait: Duration) -> Received {
    let (sender, pieces) = mpsc::channel(MAX_RECEIVED);
    tokio::spawn(async move {
        let mut stream = body.into_data_stream();
        let mut n_bytes = 0;
        loop {
            let next = tokio::time::timeout(max_wait, stream.next()).await;
            let problem = match next {
                Ok(None) => return,
                Ok(Some(Ok(piece))) => {
                    n_bytes += piece.len() as u64;
                    if n_bytes <= max_bytes {
                        match sender.send(Ok(piece)).await {
                            Ok(()) => continue,
                            Err(_closed) => return,
                        }
                    }
                    let detail = format!("a stream of more than {max_bytes} bytes");
                    Problem::new(ProblemKind::TooLarge, detail)
                }
                Ok(Some(Err(_))) => {
                    Problem::new(ProblemKind::Malformed, "the body ended too early")
                }
                Err(_elapsed) => {
                    let seconds = max_wait.as_secs();
                    let detail = format!("no piece of the body within {seconds} seconds");
                    Problem::new(ProblemKind::Timeout, detail)
                }
            };
            // The thread may have stopped before.
            let _sent = sender.send(Err(problem)).await;
            return;
        }
    });
    Received { pieces, piece: Bytes::new(), problem: Arc::default() }
}

/// An answer that a thread writes, and its end at the connection.
#[must_use]
pub fn answer() -> (Answering, Answered) {
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    (Answering { pieces: sender }, Answered { pieces: receiver })
}

impl Received {
    /// The next piece, if it is there already; `None` if it must be waited for.
    pub fn next_now(&mut self) -> Option<Result<Bytes, Problem>> {
        self.pieces.try_recv().ok()
    }

    /// Waits for the next piece; `None` at the end.
    pub fn wait(&mut self) -> Option<Result<Bytes, Problem>> {
        self.pieces.blocking_recv()
    }

    /// Where the problem will be with which reading fails.
    #[must_use]
    pub fn problem(&self) -> Arc<Mutex<Option<Problem>>> {
        Arc::clone(&self.problem)
    }
}

impl Read for Received {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.wait() {
                None => return Ok(0),
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(problem)) => {
                    let mut place = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
                    *place = Some(problem);
                    return Err(io::Error::other("the body cannot be read"));
                }
            }
        }
        let n_bytes = out.len().min(self.piece.len());
        let now = self.piece.split_to(n_bytes);
        if let Some(out) = out.get_mut(..n_bytes) {
            out.copy_from_slice(&now);
        }
        Ok(n_bytes)
    }
}

impl Answering {
    /// Sends a piece of the answer; waits while too many are on their way. Returns whether the caller is
    /// still there.
    #[must_use]
    pub fn send(&self, piece: Vec<u8>) -> bool {
        piece.is_empty() || self.pieces.blocking_send(Ok(piece.into())).is_ok()
    }

    /// Whether the caller left, or its time is over.
    #[must_use]
    pub fn caller_left(&self) -> bool {
        self.pieces.is_closed()
    }

    /// Ends the answer with a problem.
    pub fn fail(&self, problem: Problem) {
        // The caller may have left.
        let _sent = self.pieces.blocking_send(Err(problem));
    }
}

impl Answered {
    /// The body of the answer; `last` writes the problem with which it ends too early.
    ///
    /// # Errors
    ///
    /// The problem, when it came before the first piece.
    pub async fn into_body(
        mut self,
        last: impl Fn(&Problem) -> Vec<u8> + Send + 'static,
    ) -> Result<Body, Problem> {
        let first = match self.pieces.recv().await {
            Some(Ok(first)) => first,
            Some(Err(problem)) => return Err(problem),
            None => Bytes::new(),
        };
        let rest = tokio_stream::wrappers::ReceiverStream::new(self.pieces);
        let rest = rest.map(move |piece| match piece {
            Ok(piece) => Ok::<Bytes, io::Error>(piece),
            Err(problem) => Ok(last(&problem).into()),
        });
        Ok(Body::from_stream(futures_util::stream::iter([Ok(first)]).chain(rest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    #[test]
    fn a_body_is_read_by_a_thread() {
        let runtime = runtime();
        let _entered = runtime.enter();
        let pieces = ["ab", "", "cde"].map(|piece| Ok::<_, io::Error>(Bytes::from(piece)));
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let mut received = receive(body, 5, Duration::from_secs(60));
        let mut text = String::new();
        received.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcde");
        let mut received = receive(Body::from("abcdef"), 5, Duration::from_secs(60));
        assert!(received.read_to_string(&mut text).is_err());
        let problem = received.problem();
        let problem = problem.lock().unwrap().clone().unwrap();
        assert_eq!(problem.kind(), ProblemKind::TooLarge);
    }

    #[test]
    fn a_problem_before_the_first_piece_is_the_answer() {
        let runtime = runtime();
        let problem = Problem::new(ProblemKind::Malformed, "no");
        let (answering, answered) = answer();
        std::thread::spawn(move || answering.fail(Problem::new(ProblemKind::Malformed, "no")));
        let body = runtime.block_on(answered.into_body(|_| Vec::new()));
        assert_eq!(body.unwrap_err(), problem);
        let (answering, answered) = answer();
        std::thread::spawn(move || {
            assert!(answering.send(b"a".to_vec()) && answering.send(b"b".to_vec()));
            answering.fail(Problem::new(ProblemKind::Malformed, "no"));
        });
        let bytes = runtime.block_on(async {
            let body = answered.into_body(|problem| problem.detail().into()).await.unwrap();
            axum::body::to_bytes(body, 100).await.unwrap()
        });
        assert_eq!(&bytes[..], b"abno");
    }
}
