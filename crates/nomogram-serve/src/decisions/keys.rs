//! The key that records are encrypted to, and the one that opens them.

use std::fmt;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};

/// The key encapsulation of a log.
pub(super) type LogKem = X25519HkdfSha256;
/// The key derivation of a log.
pub(super) type LogKdf = HkdfSha256;
/// The encryption of a log.
pub(super) type LogAead = ChaCha20Poly1305;
/// What a log is about, so that nothing else can be read as one.
pub(super) const INFO: &[u8] = b"nomogram decision log 1";
/// The bytes of a key.
const KEY_LEN: usize = 32;

/// How the text of a public key begins.
const PUBLIC: &str = "nomo-log-public-";
/// How the text of a private key begins.
const PRIVATE: &str = "nomo-log-private-";

/// The key that records are encrypted to.
#[derive(Clone)]
pub struct PublicKey(pub(super) <LogKem as Kem>::PublicKey);

/// The key that opens records. It does not belong on the computer of the service.
#[derive(Clone)]
pub struct PrivateKey(pub(super) <LogKem as Kem>::PrivateKey);

/// A pair of keys from the random numbers of the operating system.
#[must_use]
pub fn new_keys() -> (PrivateKey, PublicKey) {
    let (private, public) = LogKem::gen_keypair();
    (PrivateKey(private), PublicKey(public))
}

impl PublicKey {
    /// The key in a text, as [`Self::to_text`] writes it.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn of_text(text: &str) -> Result<Self, String> {
        let expected = || format!("expected `{PUBLIC}` and {} hexadecimal digits", 2 * KEY_LEN);
        let bytes = key_bytes(text, PUBLIC).ok_or_else(expected)?;
        <LogKem as Kem>::PublicKey::from_bytes(&bytes).map(Self).map_err(|_| expected())
    }

    /// The key as a text.
    #[must_use]
    pub fn to_text(&self) -> String {
        key_text(PUBLIC, &self.0.to_bytes())
    }
}

impl PrivateKey {
    /// Writes the key to a new file that only its owner can read.
    ///
    /// # Errors
    ///
    /// When the file exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(format!("{}\n", self.to_text()).as_bytes())
    }

    /// The key in a text, as [`Self::to_text`] writes it.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn of_text(text: &str) -> Result<Self, String> {
        let expected = || format!("expected `{PRIVATE}` and {} hexadecimal digits", 2 * KEY_LEN);
        let bytes = key_bytes(text, PRIVATE).ok_or_else(expected)?;
        <LogKem as Kem>::PrivateKey::from_bytes(&bytes).map(Self).map_err(|_| expected())
    }

    /// The key as a text.
    #[must_use]
    pub fn to_text(&self) -> String {
        key_text(PRIVATE, &self.0.to_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

fn key_text(prefix: &str, bytes: &[u8]) -> String {
    prefix.to_owned() + &hex(bytes)
}

fn key_bytes(text: &str, prefix: &str) -> Option<Vec<u8>> {
    let digits = text.trim().strip_prefix(prefix)?.as_bytes();
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    if digits.len() != 2 * KEY_LEN {
        return None;
    }
    digits.as_chunks::<2>().0.iter().map(byte).collect()
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
