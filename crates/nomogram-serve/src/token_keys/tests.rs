use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use axum_server::tls_rustls::RustlsConfig;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::*;

const PRIVATE: &[u8] = include_bytes!("../../tests/data/token_key.der");
const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/tls_server.pem");
const KEY: &[u8] = include_bytes!("../../tests/data/tls_server.key");

/// A provider, whose documents a test can change.
struct Provider {
    issuer: String,
    documents: Arc<Mutex<[String; 2]>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let issuer = format!("https://localhost:{port}/realm");
        let documents = Arc::new(Mutex::new([String::new(), jwks()]));
        async fn document(documents: Arc<Mutex<[String; 2]>>, at: usize) -> String {
            documents.lock().unwrap()[at].clone()
        }
        type Documents = State<Arc<Mutex<[String; 2]>>>;
        let router = Router::new()
            .route(
                "/realm/.well-known/openid-configuration",
                get(async |State(d): Documents| document(d, 0).await),
            )
            .route("/keys", get(async |State(d): Documents| document(d, 1).await))
            .with_state(Arc::clone(&documents));
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let config = RustlsConfig::from_pem(CERTIFICATE.into(), KEY.into()).await.unwrap();
        let server = axum_server::from_tcp_rustls(listener, config).unwrap();
        tokio::spawn(server.serve(router.into_make_service_with_connect_info::<SocketAddr>()));
        let provider = Self { issuer, documents };
        provider.set(0, &provider.discovery(&format!("https://localhost:{port}/keys")));
        provider
    }

    fn set(&self, at: usize, document: &str) {
        self.documents.lock().unwrap()[at] = document.to_owned();
    }

    fn discovery(&self, jwks_uri: &str) -> String {
        json!({ "issuer": self.issuer, "jwks_uri": jwks_uri }).to_string()
    }

    fn keys_of(&self, source: KeySource) -> FetchedKeys {
        FetchedKeys::new(source).unwrap()
    }

    fn source(&self) -> KeySource {
        KeySource {
            rules: TokenRules {
                issuer: self.issuer.clone(),
                audience: "nomogram".into(),
                algorithms: vec!["ES256".into()],
                roles_claim: "roles".into(),
            },
            jwks_url: None,
            certificates_file: Some(
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls_authority.pem").into(),
            ),
            refresh: Duration::from_secs(300),
            max_age: Duration::from_secs(3600),
        }
    }

    fn token(&self) -> String {
        let claims = json!({
            "iss": self.issuer, "aud": "nomogram", "sub": "ward 3",
            "exp": 4_000_000_000_u64, "roles": ["predict"],
            // An address in a token is never fetched.
            "jku": "https://evil.example/keys",
        });
        let header = Header { kid: Some("a".into()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &EncodingKey::from_ec_der(PRIVATE)).unwrap()
    }
}

fn jwks() -> String {
    let key = EncodingKey::from_ec_der(PRIVATE);
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("a".into());
    json!({ "keys": [jwk] }).to_string()
}

#[tokio::test]
async fn keys_are_found_by_the_issuer_and_kept_when_a_later_look_fails() {
    let provider = Provider::start().await;
    let keys = provider.keys_of(provider.source());
    let token = provider.token();
    assert!(keys.caller(&token).is_none(), "nothing is fetched yet");
    keys.refresh().await.unwrap();
    assert_eq!(&*keys.caller(&token).unwrap().id, "ward 3");

    provider.set(1, "{\"keys\": []}");
    let fault = keys.refresh().await.unwrap_err();
    assert_eq!(fault, "the JWKS has no key for the algorithms of the configuration");
    assert_eq!(keys.fault().unwrap().as_str(), fault);
    assert!(keys.caller(&token).is_some(), "the keys before are not too old yet");
    assert!(keys.wait() < Duration::from_secs(300));
}

#[tokio::test]
async fn keys_that_are_too_old_accept_no_token() {
    let provider = Provider::start().await;
    let keys = provider.keys_of(provider.source());
    keys.refresh().await.unwrap();
    let stale = FetchedKeys {
        source: KeySource { max_age: Duration::ZERO, ..provider.source() },
        tls: keys.tls.clone(),
        current: ArcSwapOption::new(keys.current.load_full()),
        fault: ArcSwap::default(),
    };
    assert!(keys.caller(&provider.token()).is_some());
    assert!(stale.caller(&provider.token()).is_none());
}

#[tokio::test]
async fn documents_that_lead_elsewhere_or_are_too_large_are_refused() {
    let provider = Provider::start().await;
    let keys = provider.keys_of(provider.source());
    let cases = [
        (provider.discovery("http://localhost/keys"), "jwks_uri: expected an address with `https`"),
        (provider.discovery("https://evil.example/keys"), "its keys are at another host"),
        (json!({"issuer": "https://a", "jwks_uri": "https://a"}).to_string(), "another issuer"),
        ("{".into(), "line 1: no discovery document"),
        (" ".repeat(LIMITS.max_bytes + 1), "more than 262144 bytes"),
    ];
    for (document, expected) in cases {
        provider.set(0, &document);
        let fault = keys.refresh().await.unwrap_err();
        assert!(fault.contains(expected), "{expected}: {fault}");
    }
    // The address of the configuration needs no discovery.
    let url = provider.issuer.replace("/realm", "/keys");
    let keys = provider.keys_of(KeySource { jwks_url: Some(url), ..provider.source() });
    keys.refresh().await.unwrap();
    let missing = provider.issuer.replace("/realm", "/nothing");
    let keys = provider.keys_of(KeySource { jwks_url: Some(missing), ..provider.source() });
    assert!(keys.refresh().await.unwrap_err().ends_with("/nothing: status 404, expected 200"));
}

#[tokio::test]
async fn a_server_with_another_certificate_is_refused() {
    let provider = Provider::start().await;
    let system = KeySource { certificates_file: None, ..provider.source() };
    // A system without any certificates refuses all of them.
    if let Ok(keys) = FetchedKeys::new(system) {
        let fault = keys.refresh().await.unwrap_err();
        assert!(fault.contains("invalid peer certificate"), "{fault}");
    }
}

#[test]
fn a_source_is_checked_before_anything_is_fetched() {
    let rules = |issuer: &str, algorithm: &str| TokenRules {
        issuer: issuer.into(),
        audience: "nomogram".into(),
        algorithms: vec![algorithm.into()],
        roles_claim: "roles".into(),
    };
    let source = |rules, jwks_url: Option<&str>, seconds| KeySource {
        rules,
        jwks_url: jwks_url.map(str::to_owned),
        certificates_file: Some(
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls_authority.pem").into(),
        ),
        refresh: Duration::from_secs(seconds),
        max_age: Duration::from_secs(60),
    };
    let cases = [
        (source(rules("idp", "ES256"), None, 60), "issuer: expected an address"),
        (
            source(rules("http://idp", "ES256"), None, 60),
            "issuer: expected an address with `https`",
        ),
        (source(rules("idp", "ES256"), Some("http://idp"), 60), "jwks_url: expected an address"),
        (source(rules("https://idp", "HS256"), None, 60), "an algorithm that is not accepted"),
        (source(rules("https://idp", "ES256"), None, 61), "refresh_seconds: expected"),
        (source(rules("https://idp", "ES256"), None, 0), "refresh_seconds: expected"),
    ];
    for (source, expected) in cases {
        let fault = FetchedKeys::new(source).unwrap_err();
        assert!(fault.starts_with(expected), "{expected}: {fault}");
    }
    assert!(FetchedKeys::new(source(rules("idp", "ES256"), Some("https://idp"), 60)).is_ok());
}
