use std::net::{SocketAddr, TcpListener};
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::*;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn traces(endpoint: &str, share: f64) -> Result<Traces, String> {
    Traces::new(&TracesConfig { endpoint: endpoint.into(), certificates_file: None, share })
}

fn headers(traceparent: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static("traceparent"),
        HeaderValue::from_str(traceparent).unwrap(),
    )])
}

fn span(status: u16) -> RequestSpan<'static> {
    RequestSpan {
        name: ("POST", "predict"),
        time: (SystemTime::UNIX_EPOCH + Duration::from_secs(9), Duration::from_secs(2)),
        request_id: "id",
        status,
        code: (status >= 400).then_some("defect"),
        model: Some(["wdbc", "1", "d1"]),
        n_rows: (3, 1),
    }
}

/// A collector that answers so, and what it got.
async fn collector(status: StatusCode, answer: &'static [u8]) -> (Arc<Mutex<Vec<Bytes>>>, String) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let of_handler = Arc::clone(&received);
    let handler = post(async move |headers: HeaderMap, body: Bytes| {
        assert_eq!(headers.get("content-type").unwrap(), "application/x-protobuf");
        of_handler.lock().unwrap().push(body);
        (status, answer)
    });
    let router = Router::new().route("/v1/traces", handler);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let make = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum_server::from_tcp(listener).unwrap().serve(make));
    (received, format!("http://{address}/v1/traces"))
}

#[test]
fn a_trace_of_the_caller_is_continued_if_it_is_recorded() {
    let traces = traces("http://127.0.0.1:4318/v1/traces", 0.0).unwrap();
    assert_eq!(traces.begin(&HeaderMap::new()), None);
    let place = traces.begin(&headers(PARENT)).unwrap();
    assert_eq!(place.trace[..2], [0x4b, 0xf9]);
    assert_eq!(place.parent.unwrap(), [0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    assert_ne!(place.span, traces.begin(&headers(PARENT)).unwrap().span);
    let cases = [
        ("not recorded", PARENT.replace("-01", "-00"), false),
        ("a later version", PARENT.replace("00-4b", "01-4b") + "-more", true),
        ("version 0 with more", format!("{PARENT}-more"), false),
        ("no version", PARENT.replace("00-4b", "ff-4b"), false),
        ("upper case", PARENT.to_uppercase(), false),
        ("no trace", PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)), false),
        ("no span", PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)), false),
        ("too short", PARENT[..54].into(), false),
        ("empty", String::new(), false),
    ];
    for (name, header, is_traced) in cases {
        assert_eq!(traces.begin(&headers(&header)).is_some(), is_traced, "{name}");
    }
}

#[test]
fn requests_without_a_trace_are_traced_by_their_share() {
    let n_traced = |share| {
        let traces = traces("http://127.0.0.1:4318/v1/traces", share).unwrap();
        (0..1000).filter(|_| traces.begin(&HeaderMap::new()).is_some()).count()
    };
    assert_eq!((n_traced(0.0), n_traced(1.0)), (0, 1000));
    // Further away than 6 standard deviations once in a thousand million runs.
    assert!((400..600).contains(&n_traced(0.5)));
    let all = traces("http://127.0.0.1:4318/v1/traces", 1.0).unwrap();
    assert_eq!(all.begin(&headers(&PARENT.replace("-01", "-00"))), None);
}

#[test]
fn settings_that_are_wrong_are_refused() {
    assert!(traces("collector:4317", 1.0).unwrap_err().starts_with("endpoint: expected"));
    assert!(traces("http://collector/", 1.5).unwrap_err().starts_with("share: expected"));
    assert!(traces("http://collector/", f64::NAN).is_err());
}

#[tokio::test]
async fn spans_are_sent_with_what_the_log_has() {
    let (received, endpoint) = collector(StatusCode::OK, b"").await;
    let traces = traces(&endpoint, 1.0).unwrap();
    for status in [200, 500] {
        traces.add(traces.begin(&headers(PARENT)).unwrap(), &span(status));
    }
    traces.send(&Log::none()).await;
    traces.send(&Log::none()).await;
    let received = received.lock().unwrap();
    let [message] = &received[..] else { panic!("{} messages", received.len()) };
    let decoded = ExportTraceServiceRequest::decode(message.clone()).unwrap();
    let shown = format!("{decoded:?}");
    for expected in [
        r#"Text("nomogram")"#,
        r#"name: "POST predict", kind: 2"#,
        "start_time_unix_nano: 7000000000, end_time_unix_nano: 9000000000",
        r#"key: "nomogram.digest", value: Some(AnyValue { value: Some(Text("d1"))"#,
        r#"key: "nomogram.refused", value: Some(AnyValue { value: Some(Integer(1))"#,
        r#"key: "error.type", value: Some(AnyValue { value: Some(Text("defect"))"#,
        "status: Some(Status { code: 2 })",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Sends so many spans. Returns the lines of the log.
async fn send(traces: &Traces, n_spans: usize) -> String {
    for _ in 0..n_spans {
        traces.add(traces.begin(&headers(PARENT)).unwrap(), &span(200));
    }
    let output = Output::default();
    let log = Log::new(output.clone()).unwrap();
    traces.send(&log).await;
    drop(log);
    let lines = output.0.lock().unwrap().clone();
    String::from_utf8(lines).unwrap()
}

#[tokio::test]
async fn spans_that_a_collector_rejects_are_counted_although_its_status_is_200() {
    // As opentelemetry-proto 1.45.2 writes `rejected_spans: 2`, `error_message: "full"`.
    let (received, endpoint) = collector(StatusCode::OK, b"\n\x08\x08\x02\x12\x04full").await;
    let traces = traces(&endpoint, 1.0).unwrap();
    let lines = send(&traces, MAX_SENT + 3).await;
    let dropped =
        r#""event":"traces_not_sent","error":"the collector rejects spans","dropped":"2""#;
    assert_eq!(lines.matches(dropped).count(), 2, "{lines}");
    assert_eq!(received.lock().unwrap().len(), 2, "it goes on");
    assert!(!lines.contains("full"), "{lines}");
    assert_eq!(ExportTraceServiceResponse::n_rejected(b"{\"no\": \"protobuf\"}"), 0);
}

#[tokio::test]
async fn what_a_collector_does_not_take_is_dropped_and_counted() {
    let (received, endpoint) = collector(StatusCode::SERVICE_UNAVAILABLE, b"").await;
    let traces = traces(&endpoint, 1.0).unwrap();
    let lines = send(&traces, MAX_WAITING + 1).await;
    assert!(lines.contains(r#""event":"traces_not_sent""#), "{lines}");
    assert!(lines.contains("status 503") && lines.contains(r#""dropped":"1025""#), "{lines}");
    assert_eq!(received.lock().unwrap().len(), 1);
    assert_eq!(traces.waiting().len(), MAX_WAITING - MAX_SENT);
}
