//! Requests while a wager is computed.

use std::sync::mpsc::channel;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use tower::ServiceExt;

use super::*;
use crate::app;
use crate::models::Models;
use crate::service::{RequestLimits, Service};

const REQUEST: &str = "0123456789abcdef-0000000000000001";

fn remembered(digest: &str) -> Remembered {
    Remembered { digest: digest.to_owned(), rows: vec![Some(0.25)], shadows: Vec::new() }
}

async fn status(service: &Arc<Service>, method: Method, path: &str, body: String) -> StatusCode {
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    app::router(Arc::clone(service)).oneshot(request).await.unwrap().status()
}

/// The runtime has one thread, so a handler that waited on it would stop all others.
#[tokio::test]
async fn requests_are_answered_while_the_wager_of_a_model_is_computed() {
    let service = Arc::new(Service::new(Models::new(catalog()), RequestLimits::default()));
    service.watch.collect(&service.models.catalog(), day(0)).unwrap();
    let digest = service.watch.states().remove(0).digest;
    service.watch.remember(REQUEST, remembered(&digest));
    let line = service.watch.lines().remove(0);
    let ((held, is_held), (end, ends)) = (channel(), channel::<()>());
    let computing = std::thread::spawn(move || {
        let _line = lock(&line);
        held.send(()).unwrap();
        // Until the test ends it, or failed.
        let _ended = ends.recv();
    });
    is_held.recv().unwrap();

    let outcome = format!(r#"{{"request": "{REQUEST}", "outcome": true}}"#);
    let slow = [
        (Method::GET, "/metrics", String::new()),
        (Method::GET, "/monitor", String::new()),
        (Method::POST, "/outcomes", outcome),
    ];
    let slow = slow.map(|(method, path, body)| {
        let service = Arc::clone(&service);
        tokio::spawn(async move { status(&service, method, path, body).await })
    });
    for _ in 0..20 {
        tokio::task::yield_now().await;
        let live = status(&service, Method::GET, "/health/live", String::new()).await;
        assert_eq!(live, StatusCode::OK);
        service.watch.remember("0123456789abcdef-0000000000000002", remembered(&digest));
    }
    assert!(slow.iter().all(|request| !request.is_finished()));
    end.send(()).unwrap();
    computing.join().unwrap();
    for request in slow {
        assert_eq!(request.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(service.watch.states().remove(0).n_outcomes, 1);
}
