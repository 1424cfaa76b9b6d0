//! From rows to a sealed bundle.

use std::collections::BTreeSet;
use std::sync::Arc;

use nomogram::{Cutoff, MIN_GOLDEN_CASES, Model, Parts, seal};
use rayon::prelude::*;

use super::fit::Fits;
use super::golden_rows;
use crate::config::{CutoffConfig, TrainingConfig};
use crate::count::position;
use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::split::Split;
use nomogram_stats::metrics::Metrics;

/// Told about long work, from any thread.
pub trait Progress: Send {
    /// `done` of `total` fits are finished; `next` is being fitted.
    fn fitting(&mut self, done: usize, total: usize, next: &str);
}

impl<F: FnMut(usize, usize, &str) + Send> Progress for F {
    fn fitting(&mut self, done: usize, total: usize, next: &str) {
        self(done, total, next);
    }
}

/// A model, its bytes, and how it did on rows that it was not fitted to.
#[derive(Debug)]
pub struct Trained {
    /// The bundle.
    pub bundle: Vec<u8>,
    /// The same bundle, opened.
    pub model: Arc<Model>,
    /// The predictions of the rows of [`Self::held_out`], in this order, by models that had not seen
    /// them.
    pub out_of_fold: Predictions,
    /// The training rows that a fold held out: all of them, but for the earliest of folds by time.
    pub held_out: Vec<usize>,
}

/// Trains, judges every member on held-out folds, and seals.
///
/// `dataset` holds the training rows alone. Nothing but its rows, `config` and the version of this
/// crate decides the bytes of the bundle; folds are fitted on all threads of the rayon pool that
/// calls.
///
/// # Errors
///
/// `Configuration`, `Data` or `NotConverged` when it cannot be trained; `DeadMembers` when a member
/// learned nothing and the configuration does not allow that.
pub fn train(
    config: &TrainingConfig,
    dataset: &Dataset,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    config.check()?;
    let fits = Fits::new(config, config.n_folds() + 1, progress);
    let (members, held_out) = rayon::join(
        || fits.fit(dataset, "all rows"),
        || fits.hold_out(dataset, fits.folds(dataset)?, ""),
    );
    let (members, held_out) = (members?, held_out?);
    let out_of_fold = held_out.predict()?.select(held_out.rows());
    let judged = dataset.select(held_out.rows());
    let cutoffs = choose_cutoffs(config, &judged, &out_of_fold)?;
    let parts = Parts { cutoffs, ..held_out.fit_vote()?.of(members) };
    let golden_rows = golden_rows::choose(&parts, dataset)?;
    let bundle = seal(&parts, golden_rows.view())?;
    let model = Arc::new(Model::open(&bundle)?);
    let trained = Trained { bundle, model, out_of_fold, held_out: held_out.rows().to_vec() };
    if !config.allow_dead_members {
        refuse_dead_members(config, dataset, &judged, &trained)?;
    }
    Ok(trained)
}

/// The cutoffs that a configuration asks for, chosen on rows that the model had not seen.
pub(crate) fn choose_cutoffs(
    config: &TrainingConfig,
    dataset: &Dataset,
    out_of_fold: &Predictions,
) -> Result<Vec<Cutoff>, Error> {
    let names = dataset.schema().target().classes();
    let choose = |cutoff: &CutoffConfig| {
        let refused = |detail: String| Error::Data(format!("cutoff `{}`: {detail}", cutoff.name));
        let class = match &cutoff.class {
            Some(name) => names.iter().position(|own| own == name),
            None => (names.len() == 2).then_some(1),
        };
        let Some(class) = class else {
            let found = cutoff.class.as_ref().map_or("nothing".into(), |name| format!("`{name}`"));
            return Err(refused(format!("class: {found}, expected one of {names:?}")));
        };
        let outcomes: Vec<bool> = dataset.classes().iter().map(|own| *own == class).collect();
        let chosen = cutoff.rule.choose(&outcomes, &out_of_fold.vote.column(class).to_vec());
        let chosen = chosen.map_err(|e| refused(e.to_string()))?;
        let class = position(class)?;
        Ok(Cutoff { name: cutoff.name.clone(), class, probability: chosen.cutoff })
    };
    config.cutoffs.iter().map(choose).collect()
}

/// Predicts the held-out rows of each fold by a model that was trained on its other rows alone, its
/// vote included. A row that no fold holds out gets NaN; one that several hold out, the prediction
/// of the last.
///
/// # Errors
///
/// As [`train`], but dead members are not looked for.
pub fn cross_validate(
    config: &TrainingConfig,
    dataset: &Dataset,
    folds: &[Split],
    progress: &mut dyn Progress,
) -> Result<Predictions, Error> {
    config.check()?;
    let n_inner = if config.needs_held_out() { config.n_folds() } else { 0 };
    let fits = Fits::new(config, folds.len() * (n_inner + 1), progress);
    let predict = |(fold, split): (usize, &Split)| {
        let rows = dataset.select(&split.train);
        let parts = fits.fit_with_vote(&rows, || fits.folds(&rows), &format!("fold {fold}"))?;
        predict(&parts, &rows, &dataset.select(&split.test))
    };
    let predictions: Vec<Predictions> =
        folds.par_iter().enumerate().map(predict).collect::<Result<_, Error>>()?;
    let rows = folds.iter().map(|split| split.test.as_slice());
    Predictions::gather(&rows.zip(predictions).collect::<Vec<_>>(), dataset.n_rows())
}

/// Members and vote fitted to a sample of the rows, as a model that is not given away: it has no
/// cutoffs. A row that was drawn twice stands in one fold.
///
/// # Errors
///
/// As [`train`], but dead members are not looked for.
pub(crate) fn fit_sample(
    config: &TrainingConfig,
    dataset: &Dataset,
    drawn: &[usize],
) -> Result<Arc<Model>, Error> {
    let nobody = &mut |_: usize, _: usize, _: &str| {};
    let fits = Fits::new(config, 1, nobody);
    let sample = dataset.select(drawn);
    let folds = || {
        let distinct: BTreeSet<usize> = drawn.iter().copied().collect();
        let distinct: Vec<usize> = distinct.into_iter().collect();
        let of_distinct = fits.folds(&dataset.select(&distinct))?;
        Ok(of_distinct.iter().map(|split| in_sample(split, &distinct, drawn)).collect())
    };
    open(&fits.fit_with_vote(&sample, folds, "all rows")?, &sample)
}

/// A split of some distinct rows, as one of a sample that was drawn from them.
fn in_sample(split: &Split, distinct: &[usize], drawn: &[usize]) -> Split {
    let places = |of: &[usize]| {
        let rows: BTreeSet<&usize> = of.iter().filter_map(|at| distinct.get(*at)).collect();
        let places = drawn.iter().enumerate().filter(|(_, row)| rows.contains(row));
        places.map(|(place, _)| place).collect()
    };
    Split { train: places(&split.train), test: places(&split.test) }
}

/// What a model that is not given away says of `rows`; `fitted` are those that it was fitted to.
pub(super) fn predict(
    parts: &Parts,
    fitted: &Dataset,
    rows: &Dataset,
) -> Result<Predictions, Error> {
    Predictions::of(&open(parts, fitted)?, rows)
}

fn open(parts: &Parts, fitted: &Dataset) -> Result<Arc<Model>, Error> {
    // Which golden rows it replays does not matter.
    let any: Vec<usize> = (0..MIN_GOLDEN_CASES).collect();
    let bundle = seal(parts, fitted.select(&any).values().view())?;
    Ok(Arc::new(Model::open(&bundle)?))
}

/// A member that cannot tell the classes apart on rows it has not seen, or that gives every row the
/// same answer, would only dilute the vote.
fn refuse_dead_members(
    config: &TrainingConfig,
    dataset: &Dataset,
    judged: &Dataset,
    trained: &Trained,
) -> Result<(), Error> {
    let min_auc = config.validation.min_auc;
    let of_fitted = Predictions::of(&trained.model, dataset)?;
    let reason = |index: usize| {
        if let Some(fitted) = of_fitted.members.get(index) {
            let first = fitted.rows().into_iter().next();
            let first = first.filter(|first| fitted.rows().into_iter().all(|row| row == *first));
            if let Some(first) = first {
                let n_rows = dataset.n_rows();
                let lowest = first.last().copied().unwrap_or(f64::NAN);
                return Some(format!(
                    "it gives the probability {lowest} for each of the {n_rows} training rows"
                ));
            }
        }
        let out_of_fold = trained.out_of_fold.members.get(index);
        let auc = out_of_fold.and_then(|held_out| {
            Metrics::of(judged.classes(), held_out.view()).ok().and_then(|metrics| metrics.auc)
        });
        auc.is_none_or(|auc| auc < min_auc).then(|| {
            let auc = auc.map_or("undefined".into(), |auc| format!("{auc:.4}"));
            format!("its AUC on held-out folds is {auc}, expected at least {min_auc}")
        })
    };
    let members = config.members.iter().enumerate();
    let dead = members.filter_map(|(index, member)| Some((member.name.clone(), reason(index)?)));
    let dead: Vec<(String, String)> = dead.collect();
    if dead.is_empty() { Ok(()) } else { Err(Error::DeadMembers(dead)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_was_drawn_twice_stands_in_one_fold() {
        let drawn = [4, 1, 4, 7, 1, 9];
        let split = Split { train: vec![1, 2], test: vec![0, 3] };
        let found = in_sample(&split, &[1, 4, 7, 9], &drawn);
        assert_eq!(found, Split { train: vec![0, 2, 3], test: vec![1, 4, 5] });
    }
}
