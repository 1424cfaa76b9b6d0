//! `nomogram registry`: which model, approved by whom, for what, since when.

// Layers, lowest first: a module uses only the blocks above its own.
mod access;

mod audit;
mod people;
mod review;
mod show;
mod versions;

use clap::{Args, Subcommand};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Outputs;

/// Register models, approve them and look up which one is in use, in a folder or a bucket.
///
/// Every act is an entry of a log that is signed with a person's key and never changed. A model is
/// named with a version: `risk@champion` by an alias, `risk@3` by a number, `risk@latest`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(people::InitArguments),
    Person(people::PersonArguments),
    AddKey(people::AddKeyArguments),
    RevokeKey(people::RevokeKeyArguments),
    Policy(people::PolicyArguments),
    Register(versions::RegisterArguments),
    Evaluate(versions::EvaluateArguments),
    /// Approve a version.
    ///
    /// If the version has a report or an evaluation, name the file that you were shown with --report:
    /// the entry keeps its SHA-256.
    Approve(review::ReviewArguments),
    /// Reject a version. A reason is needed.
    ///
    /// If the version has a report or an evaluation, name the file that you were shown with --report:
    /// the entry keeps its SHA-256.
    Reject(review::ReviewArguments),
    Move(review::MoveArguments),
    Alias(review::AliasArguments),
    Unalias(review::UnaliasArguments),
    Rollback(review::RollbackArguments),
    /// Advise against a version, which can still be used. A reason is needed.
    Deprecate(review::NoticeArguments),
    /// Forbid the use of a version. A reason is needed.
    Revoke(review::NoticeArguments),
    Comment(review::CommentArguments),
    Pull(versions::PullArguments),
    List(show::ListArguments),
    Show(show::ShowArguments),
    History(show::HistoryArguments),
    Diff(show::DiffArguments),
    Checkpoint(audit::CheckpointArguments),
    Prove(audit::ProveArguments),
    VerifyProof(audit::VerifyProofArguments),
    Audit(audit::AuditArguments),
    Erase(audit::EraseArguments),
}

pub(crate) fn run(
    arguments: Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    match arguments.command {
        Command::Init(arguments) => people::init(&arguments, console),
        Command::Person(arguments) => people::person(&arguments, console),
        Command::AddKey(arguments) => people::add_key(&arguments, console),
        Command::RevokeKey(arguments) => people::revoke_key(&arguments, console),
        Command::Policy(arguments) => people::policy(&arguments, console),
        Command::Register(arguments) => versions::register(arguments, console),
        Command::Evaluate(arguments) => versions::evaluate(&arguments, console),
        Command::Approve(arguments) => review::review(&arguments, true, console),
        Command::Reject(arguments) => review::review(&arguments, false, console),
        Command::Move(arguments) => review::move_to(&arguments, console),
        Command::Alias(arguments) => review::alias(&arguments, console),
        Command::Unalias(arguments) => review::unalias(&arguments, console),
        Command::Rollback(arguments) => review::roll_back(&arguments, console),
        Command::Deprecate(arguments) => review::deprecate(&arguments, console),
        Command::Revoke(arguments) => review::revoke(&arguments, console),
        Command::Comment(arguments) => review::comment(&arguments, console),
        Command::Pull(arguments) => versions::pull(&arguments, console, outputs),
        Command::List(arguments) => show::list(&arguments, console),
        Command::Show(arguments) => show::show(&arguments, console),
        Command::History(arguments) => show::history(&arguments, console),
        Command::Diff(arguments) => show::diff(&arguments, console),
        Command::Checkpoint(arguments) => audit::checkpoint(&arguments, console),
        Command::Prove(arguments) => audit::prove(&arguments, console, outputs),
        Command::VerifyProof(arguments) => audit::verify_proof(&arguments, console),
        Command::Audit(arguments) => audit::audit(&arguments, console),
        Command::Erase(arguments) => audit::erase(&arguments, console),
    }
}
