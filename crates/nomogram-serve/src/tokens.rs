//! Bearer tokens: JWTs that are signed by a key of a JWKS, as OpenID Connect providers issue them.
//!
//! Algorithms, issuer and audience are those of the configuration, never those that a token names. Only
//! signatures with public keys are accepted.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use crate::caller::{Caller, Role, Roles};

/// The longest token.
const MAX_TOKEN_BYTES: usize = 8192;
/// The longest subject in logs.
const MAX_SUBJECT: usize = 64;

/// Whose tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRules {
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// The algorithms that are accepted, for example `RS256`.
    pub algorithms: Vec<String>,
    /// The claim with the roles: an array, or a text with spaces between them.
    #[serde(default = "roles_claim")]
    pub roles_claim: String,
}

fn roles_claim() -> String {
    "roles".into()
}

/// Checks tokens.
pub struct Tokens {
    keys: Vec<TokenKey>,
    roles_claim: String,
}

struct TokenKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({} keys)", self.keys.len())
    }
}

impl TokenRules {
    /// The algorithms that are accepted.
    fn algorithms(&self) -> Result<Vec<Algorithm>, String> {
        self.algorithms.iter().map(|name| algorithm(name)).collect()
    }

    /// Checks the rules without any keys.
    ///
    /// # Errors
    ///
    /// A sentence: an algorithm that is not accepted.
    pub fn check(&self) -> Result<(), String> {
        self.algorithms().map(drop)
    }
}

impl Tokens {
    /// Checks tokens by the keys of a JWKS.
    ///
    /// # Errors
    ///
    /// A sentence: an algorithm that is not accepted, or a JWKS without a key for any of them.
    pub fn new(rules: &TokenRules, jwks: &[u8]) -> Result<Self, String> {
        let algorithms = rules.algorithms()?;
        let set: JwkSet = serde_json::from_slice(jwks)
            .map_err(|error| format!("the JWKS: line {}: not a set of keys", error.line()))?;
        let mut keys = Vec::new();
        for jwk in &set.keys {
            let Ok(key) = DecodingKey::from_jwk(jwk) else { continue };
            for algorithm in &algorithms {
                let declared = jwk.common.key_algorithm.map(|declared| declared.to_string());
                let is_other =
                    declared.is_some_and(|declared| declared != format!("{algorithm:?}"));
                if is_other || key.family() != algorithm.family() {
                    continue;
                }
                let mut validation = Validation::new(*algorithm);
                validation.set_audience(&[&rules.audience]);
                validation.set_issuer(&[&rules.issuer]);
                validation.set_required_spec_claims(&["exp", "aud", "iss"]);
                validation.validate_nbf = true;
                let (id, key) = (jwk.common.key_id.clone(), key.clone());
                keys.push(TokenKey { id, algorithm: *algorithm, key, validation });
            }
        }
        if keys.is_empty() {
            return Err("the JWKS has no key for the algorithms of the configuration".into());
        }
        Ok(Self { keys, roles_claim: rules.roles_claim.clone() })
    }

    /// The caller of a token; none if it is not valid.
    #[must_use]
    pub fn caller(&self, token: &str) -> Option<Caller> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let header = decode_header(token).ok()?;
        let fits = |key: &&TokenKey| {
            key.algorithm == header.alg && (header.kid.is_none() || key.id == header.kid)
        };
        let claims = self.keys.iter().filter(fits).find_map(|key| {
            decode::<Value>(token, &key.key, &key.validation).ok().map(|decoded| decoded.claims)
        })?;
        let names: Vec<&str> = match claims.get(&self.roles_claim)? {
            Value::String(text) => text.split(' ').collect(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        let roles: Roles = names.into_iter().filter_map(Role::of_name).collect();
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or("token");
        let subject: String = subject.chars().take(MAX_SUBJECT).collect();
        Some(Caller { id: subject.into(), roles })
    }
}

/// An algorithm with public keys.
fn algorithm(name: &str) -> Result<Algorithm, String> {
    const EXPECTED: [(&str, Algorithm); 9] = [
        ("RS256", Algorithm::RS256),
        ("RS384", Algorithm::RS384),
        ("RS512", Algorithm::RS512),
        ("PS256", Algorithm::PS256),
        ("PS384", Algorithm::PS384),
        ("PS512", Algorithm::PS512),
        ("ES256", Algorithm::ES256),
        ("ES384", Algorithm::ES384),
        ("EdDSA", Algorithm::EdDSA),
    ];
    let known = EXPECTED.iter().find(|(known, _)| *known == name);
    known.map(|(_, algorithm)| *algorithm).ok_or_else(|| {
        let names: Vec<&str> = EXPECTED.iter().map(|(name, _)| *name).collect();
        format!("an algorithm that is not accepted; expected one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    const PRIVATE: &[u8] = include_bytes!("../tests/data/token_key.der");
    const OTHER: &[u8] = include_bytes!("../tests/data/other_token_key.der");

    fn tokens() -> Tokens {
        let key = EncodingKey::from_ec_der(PRIVATE);
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("a".into());
        let jwks = serde_json::to_vec(&json!({ "keys": [jwk] })).unwrap();
        Tokens::new(&rules(&["ES256"]), &jwks).unwrap()
    }

    fn rules(algorithms: &[&str]) -> TokenRules {
        TokenRules {
            issuer: "https://idp.example".into(),
            audience: "nomogram".into(),
            algorithms: algorithms.iter().map(|name| (*name).to_owned()).collect(),
            roles_claim: roles_claim(),
        }
    }

    fn token(key: &[u8], change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "iss": "https://idp.example", "aud": "nomogram", "sub": "ward 3",
            "exp": 4_000_000_000_u64, "roles": ["predict", "root"],
        });
        change(&mut claims);
        let header = Header { kid: Some("a".into()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, &EncodingKey::from_ec_der(key)).unwrap()
    }

    #[test]
    fn a_token_is_valid_for_its_issuer_audience_key_and_time() {
        let tokens = tokens();
        let caller = tokens.caller(&token(PRIVATE, |_| {})).unwrap();
        assert_eq!((&*caller.id, caller.roles), ("ward 3", Roles::NONE.with(Role::Predict)));
        let set = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value;
        let refused = [
            token(OTHER, |_| {}),
            token(PRIVATE, set("iss", "https://evil.example".into())),
            token(PRIVATE, set("aud", "another".into())),
            token(PRIVATE, set("exp", 1_000.into())),
            token(PRIVATE, set("nbf", 3_999_999_999_u64.into())),
            token(PRIVATE, |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
            "eyJhbGciOiJub25lIn0.e30.".into(),
            "a".repeat(MAX_TOKEN_BYTES + 1),
        ];
        for (case, token) in refused.iter().enumerate() {
            assert!(tokens.caller(token).is_none(), "case {case}");
        }
    }

    #[test]
    fn a_public_key_is_never_a_shared_secret() {
        let message = Tokens::new(&rules(&["HS256"]), b"{\"keys\":[]}").unwrap_err();
        assert!(message.starts_with("an algorithm that is not accepted"), "{message}");
        // The attack: a token of HS256, whose secret is the public key.
        let header = Header { kid: Some("a".into()), ..Header::new(Algorithm::HS256) };
        let claims =
            json!({"iss": "https://idp.example", "aud": "nomogram", "exp": 4_000_000_000_u64});
        let forged = encode(&header, &claims, &EncodingKey::from_secret(PRIVATE)).unwrap();
        assert!(tokens().caller(&forged).is_none());
    }
}
