//! Branches: chains of steps, checked and laid out in scratch memory.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Origin, Step};
use crate::budget::Budget;
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::Number;
use crate::memory;

/// A chain of steps, from the row or an earlier branch to the encoded row that some members read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name, unique in the model, for example `scaled`.
    pub name: String,
    /// The index of the earlier branch that it continues; `None` if it starts at the row.
    pub source: Option<u32>,
    /// The steps, in the order in which they are applied. Without steps, the branch is its source.
    pub steps: Vec<Step>,
}
decode_struct!(Branch { name, source, steps });

/// Branches that were checked, with the place of their encoded rows in scratch memory.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The domains of the row, until they are forgotten.
    row: Vec<Domain>,
    branches: Vec<PlacedBranch>,
    n_features: usize,
    n_encoded: usize,
    n_temporary: usize,
    work: u64,
}

/// A branch in its place.
#[derive(Debug)]
struct PlacedBranch {
    steps: Vec<Step>,
    /// The number of outputs of each step.
    widths: Vec<usize>,
    source: Span,
    target: Span,
    /// The earlier branch whose encoded row it is, if it has no steps and does not start at the row.
    same_as: Option<usize>,
    /// The domains of its encoded row, until they are forgotten; none without steps.
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
    pub(crate) fn new(
        branches: Vec<Branch>,
        row: Vec<Domain>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        budget.take_list::<PlacedBranch>(branches.len())?;
        let placed = memory::list(branches.len())?;
        let n_features = row.len();
        let mut pipeline = Self {
            row,
            branches: placed,
            n_features,
            n_encoded: n_features,
            n_temporary: 0,
            work: 0,
        };
        for (index, branch) in branches.into_iter().enumerate() {
            let Branch { name, source, steps } = branch;
            let placed = pipeline.place(source, steps, budget);
            let placed = placed.map_err(|e| e.within_named(Place::Branch(index), &name))?;
            pipeline.branches.push(placed);
        }
        Ok(pipeline)
    }

    /// Checks the steps of the next branch.
    fn place(
        &mut self,
        source: Option<u32>,
        steps: Vec<Step>,
        budget: &mut Budget,
    ) -> Result<PlacedBranch, Error> {
        let (source, same_as) = self.source(source)?;
        let mut target = source;
        let (mut domains, mut n_taken) = (Vec::new(), 0);
        budget.take_list::<usize>(steps.len())?;
        let mut widths = memory::list(steps.len())?;
        for (index, step) in steps.iter().enumerate() {
            let inputs = if index == 0 { self.shared_domains(same_as) } else { &domains };
            let max_outputs = step.max_outputs(inputs.len());
            let in_step = |e: Error| e.within(Place::Step(index));
            budget.take_list::<Domain>(max_outputs).map_err(in_step)?;
            let work = step.work().saturating_add((inputs.len() + max_outputs) as u64);
            // Domains take longer to compute than the values of a row.
            budget.work(work.saturating_mul(4)).map_err(in_step)?;
            domains = step.check(inputs).map_err(in_step)?;
            budget.return_list::<Domain>(n_taken);
            n_taken = max_outputs;
            self.work = self.work.saturating_add(work);
            self.n_temporary = self.n_temporary.max(domains.len());
            widths.push(domains.len());
        }
        if !steps.is_empty() {
            target = Span { start: self.n_encoded, len: domains.len() };
            self.n_encoded += target.len;
        }
        let same_as = same_as.filter(|_| steps.is_empty());
        Ok(PlacedBranch { steps, widths, source, target, same_as, domains })
    }

    /// The place of the source of a branch, and the branch that has its domains.
    fn source(&self, index: Option<u32>) -> Result<(Span, Option<usize>), Error> {
        let Some(index) = index else {
            return Ok((Span { start: 0, len: self.row.len() }, None));
        };
        let index = index as usize;
        let Some(earlier) = self.branches.get(index) else {
            let detail =
                format_args!("continues branch {}, expected an earlier one", ordinal(index));
            return Err(Error::invalid_model(detail));
        };
        let has_domains = if earlier.steps.is_empty() { earlier.same_as } else { Some(index) };
        Ok((earlier.target, has_domains))
    }

    /// The domains of a branch that has some, or of the row.
    fn shared_domains(&self, branch: Option<usize>) -> &[Domain] {
        match branch.and_then(|index| self.branches.get(index)) {
            Some(branch) => &branch.domains,
            None => &self.row,
        }
    }

    /// The domains of a branch, for a member that reads it.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is no such branch.
    pub(crate) fn domains(&self, branch: usize) -> Result<&[Domain], Error> {
        let n_branches = self.branches.len();
        match self.branches.get(branch) {
            Some(placed) if placed.steps.is_empty() => Ok(self.shared_domains(placed.same_as)),
            Some(placed) => Ok(&placed.domains),
            None => {
                let branch = ordinal(branch);
                let detail = format_args!("reads branch {branch}, expected 1 to {n_branches}");
                Err(Error::invalid_model(detail))
            }
        }
    }

    /// The feature that each value of the encoded row of a branch comes from.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn origins(&self, branch: usize) -> Result<Vec<Origin>, Error> {
        let mut chain = memory::list(self.branches.len())?;
        let mut next = self.branches.get(branch);
        while let Some(placed) = next {
            chain.push(placed);
            // A branch that starts at the row has no earlier one.
            next =
                self.branches.iter().take_while(|earlier| !core::ptr::eq(*earlier, placed)).find(
                    |earlier| {
                        !earlier.steps.is_empty() && earlier.target.start == placed.source.start
                    },
                );
        }
        let n_features = u32::try_from(self.n_features).unwrap_or(u32::MAX);
        let mut origins = memory::collect((0..n_features).map(|at| Ok(Origin::Feature(at))))?;
        for step in chain.iter().rev().flat_map(|placed| &placed.steps) {
            origins = step.origins(&origins)?;
        }
        Ok(origins)
    }

    /// Frees the domains, which only opening needs.
    pub(crate) fn forget_domains(&mut self) {
        self.row = Vec::new();
        self.branches.iter_mut().for_each(|branch| branch.domains = Vec::new());
    }

    /// What encoding a row computes, in steps of about a nanosecond.
    pub(crate) fn work(&self) -> u64 {
        self.work
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
    #[inline]
    pub(crate) fn apply<N: Number>(&self, encoded: &mut [N], temporary: &mut [N]) {
        if self.n_temporary == 0 {
            // There are no steps.
            return;
        }
        let (current, next) = temporary.split_at_mut(temporary.len() / 2);
        for branch in &self.branches {
            branch.apply(encoded, current, next);
        }
    }

    /// The encoded row of a branch.
    #[inline]
    #[allow(clippy::indexing_slicing, reason = "spans were laid out within `encoded`")]
    pub(crate) fn encoded<'e, N>(&self, branch: usize, encoded: &'e [N]) -> &'e [N] {
        &encoded[self.span(branch)]
    }

    /// Where the encoded row of a branch lies, which exists.
    #[allow(clippy::indexing_slicing, reason = "documented above")]
    pub(crate) fn span(&self, branch: usize) -> Range<usize> {
        let Span { start, len } = self.branches[branch].target;
        start..start + len
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
        let Some((last, before)) = self.steps.split_last() else { return };
        let (earlier, later) = encoded.split_at_mut(self.target.start);
        let target = &mut later[..self.target.len];
        let source = &earlier[self.source.start..self.source.start + self.source.len];
        let Some((first, between)) = before.split_first() else {
            last.apply(source, target);
            return;
        };
        let mut width = self.widths[0];
        first.apply(source, &mut current[..width]);
        for (step, n_outputs) in between.iter().zip(&self.widths[1..]) {
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

    fn pipeline(branches: Vec<Branch>, row: &[Domain]) -> Result<Pipeline, Error> {
        Pipeline::new(branches, row.to_vec(), &mut Budget::unlimited())
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
            let pipeline = pipeline(vec![branch(None, n_steps)], &ROW).unwrap();
            let encoded = encode(&pipeline, [16.0, -32.0]);
            let divisor = crate::numeric::powi(2.0, u32::try_from(n_steps).unwrap());
            assert_eq!(pipeline.encoded(0, &encoded), [16.0 / divisor, -32.0 / divisor]);
        }
    }

    #[test]
    fn a_branch_continues_an_earlier_one() {
        let branches = vec![branch(None, 1), branch(Some(0), 2), branch(Some(1), 0)];
        let continued = pipeline(branches, &ROW).unwrap();
        let encoded = encode(&continued, [16.0, -32.0]);
        assert_eq!(continued.encoded(0, &encoded), [8.0, -16.0]);
        assert_eq!(continued.encoded(1, &encoded), [2.0, -4.0]);
        assert_eq!(continued.encoded(2, &encoded), [2.0, -4.0]);
        assert_eq!(continued.domains(2).unwrap(), continued.domains(1).unwrap());
        let error = pipeline(vec![branch(Some(0), 1)], &ROW).unwrap_err();
        let expected = "branch 1: `halved`: continues branch 1, expected an earlier one";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_step_that_does_not_fit_is_refused() {
        let error = pipeline(vec![branch(None, 1)], &ROW[..1]).unwrap_err();
        assert_eq!(error.to_string(), "branch 1: `halved`: step 1: reads input 2, expected 1 to 1");
    }

    #[test]
    fn branches_without_steps_share_the_domains_of_their_source() {
        let branches = vec![branch(None, 0), branch(Some(0), 0), branch(Some(1), 1)];
        let mut shared = pipeline(branches, &ROW).unwrap();
        assert_eq!(shared.domains(1).unwrap(), ROW);
        assert_eq!(shared.domains(2).unwrap(), [Domain::new(-50.0, 50.0); 2]);
        assert!(shared.branches[1].domains.is_empty());
        assert_eq!(shared.n_encoded(), 4);
        shared.forget_domains();
        assert_eq!(shared.encoded(1, &encode(&shared, [1.0, 2.0])), [1.0, 2.0]);
    }

    #[test]
    fn a_chain_takes_memory_and_work_for_each_of_its_values() {
        let chain: Vec<Branch> = (0..50)
            .map(|index: u32| Branch { steps: vec![halve()], ..branch(index.checked_sub(1), 0) })
            .collect();
        let open = |memory, work| {
            Pipeline::new(chain.clone(), ROW.to_vec(), &mut Budget::new(memory, work))
        };
        assert!(open(u64::MAX, u64::MAX).is_ok());
        let refused = [open(50 * 2 * 24, u64::MAX), open(u64::MAX, 50 * 4 * 2)];
        for refused in refused {
            assert_eq!(refused.unwrap_err().kind(), crate::error::ErrorKind::TooLarge);
        }
    }
}
