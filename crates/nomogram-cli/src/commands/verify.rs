//! `nomogram verify`: proves that bundles are whole and predict what was sealed.

use clap::Args;
use serde::Serialize;

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

/// Check bundles: digests, structure, and every golden case bit for bit.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundles
    #[arg(required = true)]
    bundles: Vec<InputPath>,
}

/// What became of a bundle.
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
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
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

impl Verdict {
    fn of(path: &std::path::Path) -> Self {
        let bundle = path.display().to_string();
        match bundle::open(path) {
            Ok(model) => Self {
                bundle,
                ok: true,
                digest: Some(model.digest().to_string()),
                golden_cases: Some(model.n_golden_cases()),
                reason: None,
            },
            Err(error) => {
                let reason = match error {
                    Error::Bundle { cause, .. } => cause.to_string(),
                    Error::File { cause, .. } => cause.to_string(),
                    other => other.to_string(),
                };
                Self { bundle, ok: false, digest: None, golden_cases: None, reason: Some(reason) }
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
