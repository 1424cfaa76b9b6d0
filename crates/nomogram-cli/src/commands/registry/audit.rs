//! Checkpoints, proofs and audits; erasure by order.

use std::io::Write as _;

use clap::Args;
use nomogram_registry::{Checkpoint, Digest, Proof, block_on, verifier_key};
use nomogram_signing::PublicKey;

use super::access::{Access, Signing, read};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};

/// Sign the size and the root of the log, and write the tiles that auditors read. Print the checkpoint:
/// give it to those who should notice a log that was rolled back.
#[derive(Args, Debug)]
pub(crate) struct CheckpointArguments {
    #[command(flatten)]
    signing: Signing,
}

/// Write a proof that an entry is in the log of the newest checkpoint.
#[derive(Args, Debug)]
pub(crate) struct ProveArguments {
    /// The number of the entry, as `history` lists it
    entry: u64,
    /// The proof's file, such as approval.tlog-proof
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
    #[command(flatten)]
    access: Access,
}

/// Verify a proof without the registry, and print what the entry states.
#[derive(Args, Debug)]
pub(crate) struct VerifyProofArguments {
    /// The proof
    proof: InputPath,
    /// The public key of the administrator who signed the checkpoint
    #[arg(long, value_name = "FILE")]
    public_key: InputPath,
}

/// Check every object of the registry, and name those that are not what was written.
#[derive(Args, Debug)]
pub(crate) struct AuditArguments {
    /// A checkpoint that you kept: the log must begin with its entries
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<InputPath>,
    #[command(flatten)]
    access: Access,
}

/// Erase a blob by order. Its digest and the reason stay.
#[derive(Args, Debug)]
pub(crate) struct EraseArguments {
    /// The SHA-256 of the blob, as `show` prints it
    blob: Digest,
    #[command(flatten)]
    signing: Signing,
}

pub(crate) fn checkpoint(
    arguments: &CheckpointArguments,
    console: &Console,
) -> Result<Exit, Error> {
    let key = arguments.signing.key()?;
    let registry = arguments.signing.access.open()?;
    let checkpoint = block_on(registry.publish_checkpoint(&key))?;
    console.note(format_args!("key {}", verifier_key(&checkpoint.origin, &key.public_key())));
    console.bytes(checkpoint.to_string().as_bytes())?;
    Ok(Exit::Done)
}

pub(crate) fn prove(
    arguments: &ProveArguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let registry = arguments.access.open()?;
    let proof = block_on(registry.prove(arguments.entry))?;
    let mut output = outputs.create(&arguments.output)?;
    output.write_all(proof.to_string().as_bytes()).map_err(|cause| output.failed(cause))?;
    output.finish()?;
    console.note(format_args!(
        "entry {} of {} in the checkpoint of {}",
        proof.index, proof.checkpoint.size, proof.checkpoint.origin
    ));
    Ok(Exit::Done)
}

pub(crate) fn verify_proof(
    arguments: &VerifyProofArguments,
    console: &Console,
) -> Result<Exit, Error> {
    let place = arguments.proof.display().to_string();
    let text = String::from_utf8_lossy(&read(&arguments.proof)?).into_owned();
    let key = PublicKey::read(&arguments.public_key)?;
    let statement = Proof::parse(&place, &text)?.verify(&place, &key)?;
    console.json_result(&statement)?;
    Ok(Exit::Done)
}

pub(crate) fn audit(arguments: &AuditArguments, console: &Console) -> Result<Exit, Error> {
    let registry = arguments.access.open()?;
    for path in &arguments.checkpoint {
        let place = path.display().to_string();
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        registry.check_contains(&place, &Checkpoint::parse(&place, &text)?)?;
    }
    let audit = block_on(registry.audit())?;
    if console.is_json() {
        console.json_result(&audit)?;
    } else {
        if let Some(identity) = registry.identity()? {
            console.result(format_args!("identity {identity}"))?;
        }
        for finding in &audit.findings {
            let place = &finding.place;
            console.result(format_args!(
                "{} {place}: {}",
                console.bad("FAILED"),
                finding.detail
            ))?;
        }
        for remark in &audit.remarks {
            console.result(format_args!("note   {}: {}", remark.place, remark.detail))?;
        }
        console.result(format_args!(
            "{} entries, {} blobs, {} checkpoints, {} tiles; {} findings",
            audit.n_entries,
            audit.n_blobs,
            audit.n_checkpoints,
            audit.n_tiles,
            audit.findings.len()
        ))?;
    }
    Ok(if audit.findings.is_empty() { Exit::Done } else { Exit::Failed })
}

pub(crate) fn erase(arguments: &EraseArguments, console: &Console) -> Result<Exit, Error> {
    let key = arguments.signing.key()?;
    let registry = arguments.signing.access.open()?;
    block_on(registry.erase(&arguments.signing.author(&key), arguments.blob))?;
    console.result(format_args!("erased {}", arguments.blob))?;
    Ok(Exit::Done)
}
