//! Keys and signatures of sealed risk models: Ed25519 in the bundle, DSSE, OpenSSF Model Signing.
