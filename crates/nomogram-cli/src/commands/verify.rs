//! `nomogram verify`: checks that bundles are intact and predict as sealed.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use nomogram::Signature;
use nomogram_signing::openssf::{self, Certificates, EcPublicKey, RevocationLists, Trusted};
use serde::Serialize;

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

/// Check bundles: digests, structure, every golden case bit for bit, and with --trust the signatures.
///
/// With --openssf, checks a detached signature of OpenSSF Model Signing over one file or folder instead.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundles, or the file or folder that --openssf signed
    #[arg(required = true)]
    bundles: Vec<InputPath>,
    /// A detached signature of OpenSSF Model Signing v1.0
    #[arg(long, value_name = "SIGNATURE", requires = "openssf_trust")]
    openssf: Option<InputPath>,
    /// The public key (ECDSA, PEM) that the signature must be by
    #[arg(long, value_name = "PEM", group = "openssf_trust", requires = "openssf")]
    key: Option<InputPath>,
    /// A root certificate (PEM) that the signer's must lead to; may be given several times
    #[arg(long, value_name = "PEM", group = "openssf_trust", requires = "openssf")]
    root: Vec<InputPath>,
    /// Revocation lists of issuers (CRL, PEM), which refuse certificates; may be given several times
    #[arg(long, value_name = "PEM", requires = "root")]
    revocation_list: Vec<InputPath>,
    /// A file or folder that was not signed; may be given several times
    #[arg(long, value_name = "PATH", requires = "openssf")]
    ignore: Vec<InputPath>,
}

/// The result for a bundle.
#[derive(Debug, Serialize)]
struct Verdict {
    bundle: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    golden_cases: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Who signed it. Only a policy verifies that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<Signer>,
}

/// Who signed a bundle, as the bundle states it.
#[derive(Debug, Serialize)]
struct Signer {
    key_id: String,
    role: String,
    signed_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl Signer {
    fn of(signature: &Signature) -> Self {
        Self {
            key_id: signature.key_id.to_string(),
            role: signature.role.clone(),
            signed_at: signature.signed_at,
            expires_at: signature.expires_at,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    if let Some(signature) = &arguments.openssf {
        return verify_openssf(arguments, signature, console);
    }
    let mut verdicts = Vec::new();
    for path in &arguments.bundles {
        let verdict = Verdict::of(path);
        if !console.is_json() {
            console.result(verdict.line(console))?;
        }
        verdicts.push(verdict);
    }
    if console.is_json() {
        console.json_result(&verdicts)?;
    }
    let is_ok = verdicts.iter().all(|verdict| verdict.ok);
    Ok(if is_ok { Exit::Done } else { Exit::Failed })
}

/// Verifies a detached signature.
fn verify_openssf(
    arguments: &Arguments,
    signature: &InputPath,
    console: &Console,
) -> Result<Exit, Error> {
    let [model] = arguments.bundles.as_slice() else {
        return Err(Error::usage("--openssf verifies one file or folder at a time"));
    };
    let trusted = match &arguments.key {
        Some(key) => Trusted::Key(EcPublicKey::read(key)?),
        None => {
            let paths = |paths: &[InputPath]| -> Vec<PathBuf> {
                paths.iter().map(|path| path.to_path_buf()).collect()
            };
            let lists = RevocationLists::read(&paths(&arguments.revocation_list))?;
            Trusted::Roots(Certificates::read(&paths(&arguments.root))?, lists)
        }
    };
    let json = fs::read(signature.as_path());
    let json = json.map_err(|cause| Error::file(signature.display().to_string(), cause))?;
    let mut ignored: Vec<PathBuf> =
        arguments.ignore.iter().map(|path| path.to_path_buf()).collect();
    ignored.push(signature.to_path_buf());
    let n_files = openssf::verify(model, &json, &ignored, &trusted)?;
    if console.is_json() {
        let model = model.display().to_string();
        console
            .json_result(&serde_json::json!({ "model": model, "ok": true, "files": n_files }))?;
    } else {
        let verdict = console.good("OK    ");
        console.result(format_args!("{verdict} {n_files} files  {}", model.display()))?;
    }
    Ok(Exit::Done)
}

impl Verdict {
    fn of(path: &Path) -> Self {
        let bundle = path.display().to_string();
        match bundle::open(path) {
            Ok(model) => Self {
                bundle,
                ok: true,
                digest: Some(model.digest().to_string()),
                golden_cases: Some(model.n_golden_cases()),
                reason: None,
                signatures: model.signatures().iter().map(Signer::of).collect(),
            },
            Err(error) => {
                let reason = match error {
                    Error::Bundle { cause, .. } => cause.to_string(),
                    Error::File { cause, .. } => cause.to_string(),
                    other => other.to_string(),
                };
                Self {
                    bundle,
                    ok: false,
                    digest: None,
                    golden_cases: None,
                    reason: Some(reason),
                    signatures: Vec::new(),
                }
            }
        }
    }

    /// As `sha256sum` has it, with the verdict in front.
    fn line(&self, console: &Console) -> String {
        let Self { bundle, digest, reason, .. } = self;
        match (digest, reason) {
            (Some(digest), _) => format!("{} {digest}  {bundle}", console.good("OK    ")),
            (None, reason) => {
                let reason = reason.as_deref().unwrap_or_default();
                format!("{} {bundle}: {reason}", console.bad("FAILED"))
            }
        }
    }
}
