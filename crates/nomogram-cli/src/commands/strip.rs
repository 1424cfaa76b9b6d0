//! `nomogram strip`: removes the signatures of a bundle.

use clap::Args;
use nomogram::{signatures, strip_signatures};

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::write;

/// Remove the signatures of a bundle: it is then the same as before it was signed.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle
    bundle: InputPath,
    /// Write the bundle without signatures to this file
    #[arg(long, short, value_name = "BUNDLE")]
    output: OutputPath,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let path = arguments.bundle.as_path();
    let refused = |cause| bundle::refused(path, cause);
    let bytes = bundle::read(path)?;
    let (digest, signed) = signatures(&bytes).map_err(refused)?;
    write(outputs, &arguments.output, &strip_signatures(&bytes).map_err(refused)?)?;
    if console.is_json() {
        let bundle = arguments.output.display().to_string();
        let digest = digest.to_string();
        console.json_result(
            &serde_json::json!({ "bundle": bundle, "digest": digest, "removed": signed.len() }),
        )?;
    } else {
        console.result(format_args!("{digest}: {} signatures removed", signed.len()))?;
    }
    Ok(Exit::Done)
}
