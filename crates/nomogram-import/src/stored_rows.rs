//! Members that store rows of the training data need the caller's consent.

use nomogram::{Combiner, Member, Parts};

use crate::error::Error;
use crate::options::Options;

/// Refuses a model that stores rows of its training data, unless the caller wants to keep them. Returns what a
/// person must know of them.
///
/// # Errors
///
/// `Unsupported`.
pub(crate) fn check_consent(parts: &Parts, options: &Options) -> Result<Option<String>, Error> {
    let mut members: Vec<&Member> = parts.members.iter().map(|member| &member.member).collect();
    match &parts.combiner {
        Combiner::Stack { member, .. } => members.push(member),
        Combiner::SoftVote { .. } | Combiner::HardVote { .. } | Combiner::CalibratedVote { .. } => {
        }
    }
    let n_rows: usize = members.iter().map(|member| member.stored_rows().count()).sum();
    if n_rows == 0 {
        return Ok(None);
    }
    if options.training_rows {
        let what = "anyone who has the bundle can read them";
        return Ok(Some(format!("{n_rows} rows of the training data are stored: {what}")));
    }
    Err(Error::unsupported(format!(
        "the model stores {n_rows} rows of its training data, which may be patients; the option \
         `training_rows` keeps them in the bundle"
    )))
}
