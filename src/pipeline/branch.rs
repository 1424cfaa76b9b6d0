//! Branches: chains of steps, checked and laid out in scratch memory.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use serde::{Deserialize, Serialize};

use super::Step;
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::Number;

/// A chain of steps, from the row or an earlier branch to the encoded row that some members read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name, unique in the model, for example `scaled`.
    #[serde(deserialize_with = "crate::codec::text")]
    pub name: String,
    /// The index of the earlier branch that it continues; `None` if it starts at the row.
    pub source: Option<u32>,
    /// The steps, in the order in which they are applied. Without steps, the branch is its source.
    pub steps: Vec<Step>,
}

/// Branches that were checked, with the place of their encoded rows in scratch memory.
#[derive(Debug)]
pub(crate) struct Pipeline {
    branches: Vec<PlacedBranch>,
    n_encoded: usize,
    n_temporary: usize,
}

/// A branch, each step with the number of its outputs.
#[derive(Debug)]
struct PlacedBranch {
    steps: Vec<(Step, usize)>,
    source: Span,
    target: Span,
    domains: Vec<Domain>,
}

/// The place of an encoded row in scratch memory.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    len: usize,
}

impl Pipeline {
    /// Checks branches, for rows of these domains, and gives each a place.
    pub(crate) fn new(branches: Vec<Branch>, row: &[Domain]) -> Result<Self, Error> {
        let mut pipeline = Self { branches: Vec::new(), n_encoded: row.len(), n_temporary: 0 };
        for (index, branch) in branches.into_iter().enumerate() {
            let name = branch.name.clone();
            let pushed = pipeline.push(branch, row);
            pushed.map_err(|e| e.within_named(Place::Branch(index), name))?;
        }
        Ok(pipeline)
    }

    fn push(&mut self, branch: Branch, row: &[Domain]) -> Result<(), Error> {
        let (source, mut domains) = match branch.source {
            None => (Span { start: 0, len: row.len() }, row.to_vec()),
            Some(index) => match self.branches.get(index as usize) {
                Some(earlier) => (earlier.target, earlier.domains.clone()),
                None => {
                    let detail = format!(
                        "continues branch {}, expected an earlier one",
                        ordinal(index as usize)
                    );
                    return Err(Error::invalid_model(detail));
                }
            },
        };
        let mut steps = Vec::with_capacity(branch.steps.len());
        for (index, step) in branch.steps.into_iter().enumerate() {
            let checked = step.check(&domains);
            domains = checked.map_err(|e| e.within(Place::Step(index)))?;
            self.n_temporary = self.n_temporary.max(domains.len());
            steps.push((step, domains.len()));
        }
        let mut target = source;
        if !steps.is_empty() {
            target = Span { start: self.n_encoded, len: domains.len() };
            self.n_encoded += target.len;
        }
        self.branches.push(PlacedBranch { steps, source, target, domains });
        Ok(())
    }

    /// The domains of a branch, for a member that reads it.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is no such branch.
    pub(crate) fn domains(&self, branch: usize) -> Result<&[Domain], Error> {
        let n_branches = self.branches.len();
        self.branches.get(branch).map(|branch| branch.domains.as_slice()).ok_or_else(|| {
            let branch = ordinal(branch);
            let detail = format!("reads branch {branch}, expected 1 to {n_branches}");
            Error::invalid_model(detail)
        })
    }

    /// How many values the row and all branches have together.
    pub(crate) fn n_encoded(&self) -> usize {
        self.n_encoded
    }

    /// How many temporary numbers [`Self::apply`] needs.
    pub(crate) fn n_temporary(&self) -> usize {
        2 * self.n_temporary
    }

    /// Encodes the row, or the block of rows, at the beginning of `encoded`.
    pub(crate) fn apply<N: Number>(&self, encoded: &mut [N], temporary: &mut [N]) {
        let (current, next) = temporary.split_at_mut(temporary.len() / 2);
        for branch in &self.branches {
            branch.apply(encoded, current, next);
        }
    }

    /// The encoded row of a branch.
    #[allow(clippy::indexing_slicing, reason = "spans were laid out within `encoded`")]
    pub(crate) fn encoded<'e, N>(&self, branch: usize, encoded: &'e [N]) -> &'e [N] {
        let Span { start, len } = self.branches[branch].target;
        &encoded[start..start + len]
    }
}

impl PlacedBranch {
    #[allow(clippy::indexing_slicing, reason = "widths were checked when the model was opened")]
    fn apply<'s, N: Number>(
        &self,
        encoded: &mut [N],
        mut current: &'s mut [N],
        mut next: &'s mut [N],
    ) {
        let Some(((last, _), before)) = self.steps.split_last() else { return };
        let (earlier, later) = encoded.split_at_mut(self.target.start);
        let target = &mut later[..self.target.len];
        let source = &earlier[self.source.start..self.source.start + self.source.len];
        let Some(((first, first_width), between)) = before.split_first() else {
            last.apply(source, target);
            return;
        };
        let mut width = *first_width;
        first.apply(source, &mut current[..width]);
        for (step, n_outputs) in between {
            step.apply(&current[..width], &mut next[..*n_outputs]);
            mem::swap(&mut current, &mut next);
            width = *n_outputs;
        }
        last.apply(&current[..width], target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Inputs, StandardScaler};
    use alloc::string::ToString;
    use alloc::vec;

    const ROW: [Domain; 2] = [Domain::new(-100.0, 100.0), Domain::new(-100.0, 100.0)];

    fn halve() -> Step {
        let scaler = StandardScaler::new(Inputs::all(2), vec![0.0; 2], vec![2.0; 2]);
        Step::StandardScale(scaler.unwrap())
    }

    fn branch(source: Option<u32>, n_steps: usize) -> Branch {
        Branch { name: "halved".into(), source, steps: vec![halve(); n_steps] }
    }

    fn encode(pipeline: &Pipeline, row: [f64; 2]) -> Vec<f64> {
        let mut encoded = vec![0.0; pipeline.n_encoded()];
        encoded[..2].copy_from_slice(&row);
        let mut scratch = vec![0.0; pipeline.n_temporary()];
        pipeline.apply(&mut encoded, &mut scratch);
        encoded
    }

    #[test]
    fn any_number_of_steps_is_applied_in_order() {
        for n_steps in 0..5 {
            let pipeline = Pipeline::new(vec![branch(None, n_steps)], &ROW).unwrap();
            let encoded = encode(&pipeline, [16.0, -32.0]);
            let divisor = crate::numeric::powi(2.0, u32::try_from(n_steps).unwrap());
            assert_eq!(pipeline.encoded(0, &encoded), [16.0 / divisor, -32.0 / divisor]);
        }
    }

    #[test]
    fn a_branch_continues_an_earlier_one() {
        let branches = vec![branch(None, 1), branch(Some(0), 2), branch(Some(1), 0)];
        let pipeline = Pipeline::new(branches, &ROW).unwrap();
        let encoded = encode(&pipeline, [16.0, -32.0]);
        assert_eq!(pipeline.encoded(0, &encoded), [8.0, -16.0]);
        assert_eq!(pipeline.encoded(1, &encoded), [2.0, -4.0]);
        assert_eq!(pipeline.encoded(2, &encoded), [2.0, -4.0]);
        let error = Pipeline::new(vec![branch(Some(0), 1)], &ROW).unwrap_err();
        let expected = "branch 1: `halved`: continues branch 1, expected an earlier one";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_step_that_does_not_fit_is_refused() {
        let error = Pipeline::new(vec![branch(None, 1)], &ROW[..1]).unwrap_err();
        assert_eq!(error.to_string(), "branch 1: `halved`: step 1: reads input 2, expected 1 to 1");
    }
}
