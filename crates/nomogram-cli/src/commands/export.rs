//! `nomogram export`: writes a bundle as PMML, as C99 source or as ONNX.

use clap::Args;
use nomogram_export::{Format, export};

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::write;

/// Write a bundle as PMML, C99 source or ONNX that gives the same numbers
///
/// The extension of the output chooses the format: `.pmml`, `.c` or `.onnx`. What would change the numbers is refused
/// by name: docs/export.md lists it.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle
    bundle: InputPath,
    /// Write the export to this file: x.pmml, x.c or x.onnx
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let extension = arguments.output.extension().and_then(|extension| extension.to_str());
    let format = extension.and_then(Format::of_extension).ok_or_else(|| {
        Error::usage(format!(
            "{}: expected the extension .pmml, .c or .onnx",
            arguments.output.display()
        ))
    })?;
    let bundle = OpenBundle::open(&arguments.bundle)?;
    let exported = export(&bundle.bytes, format)
        .map_err(|cause| Error::Export { path: arguments.bundle.to_path_buf(), cause })?;
    write(outputs, &arguments.output, &exported)?;
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "output": arguments.output.display().to_string(),
            "bytes": exported.len(),
        }))?;
    } else {
        console.note(format!("{} bytes written", exported.len()));
    }
    Ok(Exit::Done)
}
