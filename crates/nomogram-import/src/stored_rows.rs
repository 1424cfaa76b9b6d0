//! Members that store rows of the training data need the caller's consent.

use nomogram::{Combiner, Member, Parts, StoredRows};

use crate::error::Error;
use crate::options::Options;

/// Refuses a model that stores training rows, unless the caller consents. Returns a note on them for the
/// manifest; none if nothing is stored.
///
/// # Errors
///
/// `Unsupported` without consent.
pub(crate) fn check_consent(parts: &Parts, options: &Options) -> Result<Option<String>, Error> {
    let mut members: Vec<&Member> = parts.members.iter().map(|member| &member.member).collect();
    match &parts.combiner {
        Combiner::Stack { member, .. } => members.push(member),
        Combiner::SoftVote { .. } | Combiner::HardVote { .. } | Combiner::CalibratedVote { .. } => {
        }
    }
    let stored = members.iter().filter_map(|member| member.stored_rows());
    let n_rows: usize = stored.map(StoredRows::n_rows).sum();
    if n_rows == 0 {
        return Ok(None);
    }
    if options.training_rows {
        let what = "anyone who has the bundle can read them";
        return Ok(Some(format!("{n_rows} rows of the training data are stored: {what}")));
    }
    Err(Error::unsupported(format!(
        "the model stores {n_rows} rows of its training data, which may be data of patients; \
         `--training-rows` keeps them in the bundle"
    )))
}
