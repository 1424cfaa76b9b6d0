//! Splits that keep the rows of a group, usually a patient, together.

use std::collections::BTreeMap;

use super::checks::{require_classes, require_folds, require_one_each, require_share};
use super::{Split, stream};
use crate::count::number;
use crate::error::Error;
use nomogram_stats::random::Random;

/// The number of the group of each row, from the groups' names: groups are numbered from 0 in the order in
/// which they first appear.
#[must_use]
pub fn group_numbers<G: Ord>(names: &[G]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    let number = |name| {
        let next = numbers.len();
        *numbers.entry(name).or_insert(next)
    };
    names.iter().map(number).collect()
}

/// The rows of one group, and how many of each class are among them.
#[derive(Clone, Debug)]
struct Group {
    rows: Vec<usize>,
    n_by_class: Vec<usize>,
}

impl Split {
    /// A seeded split that takes whole groups for testing: about `test_fraction` of the rows of each
    /// class. `groups` names the group of each row.
    ///
    /// Groups are shuffled and taken from the largest to the smallest; each goes to the partition
    /// that is then closer to its share of each class.
    ///
    /// # Errors
    ///
    /// `Data` when the fraction is not between 0 and 1, or a partition would have no row of a
    /// class.
    pub fn grouped<G: Ord>(
        classes: &[usize],
        groups: &[G],
        test_fraction: f64,
        seed: u64,
    ) -> Result<Self, Error> {
        require_share(test_fraction)?;
        require_one_each(groups.len(), "groups", classes)?;
        let shares = [1.0 - test_fraction, test_fraction];
        let random = Random::new(seed, stream::GROUPED_TEST);
        let set_of = deal(&groups_of(classes, groups), &shares, random, classes.len());
        let split = Self::holding_out(set_of.iter().map(|set| *set == 1));
        require_classes(&split.train, classes, "the training partition")?;
        require_classes(&split.test, classes, "the test partition")?;
        Ok(split)
    }
}

/// Folds of whole groups, each with about the same number of rows of each class. `groups` names the
/// group of each row.
///
/// Groups are shuffled and dealt from the largest to the smallest; each goes to the fold that has
/// the fewest rows of its classes, weighted by how rare the classes are.
///
/// # Errors
///
/// `Data` when there are fewer than two folds, when a class has rows of fewer groups than there are
/// folds, or when a fold would have no row of a class.
pub fn grouped_folds<G: Ord>(
    classes: &[usize],
    groups: &[G],
    n_folds: usize,
    seed: u64,
) -> Result<Vec<Split>, Error> {
    require_folds(n_folds, classes)?;
    require_one_each(groups.len(), "groups", classes)?;
    let groups = groups_of(classes, groups);
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    for class in 0..n_classes {
        let holds = |group: &&Group| group.n_by_class.get(class).is_some_and(|n| *n > 0);
        let n_groups = groups.iter().filter(holds).count();
        if n_groups < n_folds {
            let after = format!(" has rows of {n_groups} groups, fewer than the {n_folds} folds");
            return Err(Error::rare_class("", class, after));
        }
    }
    let shares = vec![1.0 / number(n_folds); n_folds];
    let random = Random::new(seed, stream::GROUPED_FOLDS);
    let folds = Split::of_folds(&deal(&groups, &shares, random, classes.len()), n_folds);
    for (fold, split) in folds.iter().enumerate() {
        require_classes(&split.test, classes, &format!("fold {}", fold + 1))?;
    }
    Ok(folds)
}

/// A fold for each group, which it holds out, in the order in which groups first appear.
///
/// # Errors
///
/// `Data` when there are fewer than two groups, or when the rows of the others are not of every
/// class.
pub fn each_group<G: Ord>(classes: &[usize], groups: &[G]) -> Result<Vec<Split>, Error> {
    require_one_each(groups.len(), "groups", classes)?;
    let groups = groups_of(classes, groups);
    if groups.len() < 2 {
        return Err(Error::Data(format!("{} groups, expected at least 2", groups.len())));
    }
    let mut fold_of = vec![0; classes.len()];
    for (fold, group) in groups.iter().enumerate() {
        place(&group.rows, fold, &mut fold_of);
    }
    let folds = Split::of_folds(&fold_of, groups.len());
    for (fold, split) in folds.iter().enumerate() {
        require_classes(&split.train, classes, &format!("the training rows of fold {}", fold + 1))?;
    }
    Ok(folds)
}

/// The groups, in the order in which they first appear: their names decide nothing.
fn groups_of<G: Ord>(classes: &[usize], names: &[G]) -> Vec<Group> {
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    let mut groups: Vec<Group> = Vec::new();
    for (row, (class, position)) in classes.iter().zip(group_numbers(names)).enumerate() {
        if position == groups.len() {
            groups.push(Group { rows: Vec::new(), n_by_class: vec![0; n_classes] });
        }
        let Some(group) = groups.get_mut(position) else { continue };
        group.rows.push(row);
        if let Some(n) = group.n_by_class.get_mut(*class) {
            *n += 1;
        }
    }
    groups
}

/// The set of each row: whole groups together, sets near their `shares` of each class.
///
/// Minimises, group by group, the sum over sets and classes of
/// `rows² / (share · all rows of the class²)`, which is least where every set has its share.
fn deal(groups: &[Group], shares: &[f64], mut random: Random, n_rows: usize) -> Vec<usize> {
    let mut order: Vec<&Group> = groups.iter().collect();
    random.shuffle(&mut order);
    order.sort_by_key(|group| std::cmp::Reverse(group.rows.len()));
    let n_classes = groups.first().map_or(0, |group| group.n_by_class.len());
    let mut totals = vec![0; n_classes];
    order.iter().for_each(|group| add(&group.n_by_class, &mut totals));
    let mut sets = vec![vec![0; n_classes]; shares.len()];
    let mut set_of = vec![0; n_rows];
    for group in order {
        let cost = |set: &[usize], share: f64| {
            let by_class = group.n_by_class.iter().zip(set).zip(&totals);
            by_class.fold(0.0, |cost, ((added, dealt), total)| {
                let (added, dealt) = (number(*added), number(*dealt));
                let total = number(*total).max(1.0);
                cost + added * (2.0 * dealt + added) / (total * total * share)
            })
        };
        // Of equal costs, to the set that has least of its share of all rows.
        let costs = sets
            .iter()
            .zip(shares)
            .map(|(set, share)| (cost(set, *share), number(set.iter().sum()) / share));
        let cheapest = costs
            .enumerate()
            .min_by(|(_, a), (_, b)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let chosen = cheapest.map_or(0, |(set, _)| set);
        if let Some(set) = sets.get_mut(chosen) {
            add(&group.n_by_class, set);
        }
        place(&group.rows, chosen, &mut set_of);
    }
    set_of
}

fn add(counts: &[usize], sums: &mut [usize]) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

fn place(rows: &[usize], set: usize, set_of: &mut [usize]) {
    for row in rows {
        if let Some(slot) = set_of.get_mut(*row) {
            *slot = set;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty rows of twenty patients, every fourth of whom is of class 1.
    fn rows() -> (Vec<usize>, Vec<String>) {
        (0..60).map(|row| (usize::from(row % 20 % 4 == 0), format!("p{}", row % 20))).unzip()
    }

    #[test]
    fn groups_stay_whole_and_classes_keep_their_share() {
        let (classes, patients) = rows();
        let folds = grouped_folds(&classes, &patients, 5, 7).unwrap();
        for fold in &folds {
            let of = |rows: &[usize]| -> std::collections::BTreeSet<&String> {
                rows.iter().map(|row| &patients[*row]).collect()
            };
            assert!(of(&fold.train).is_disjoint(&of(&fold.test)));
            assert_eq!(fold.test.len(), 12);
            assert_eq!(fold.test.iter().filter(|row| classes[**row] == 1).count(), 3);
        }
        assert_eq!(grouped_folds(&classes, &patients, 5, 7).unwrap(), folds);
        assert_ne!(grouped_folds(&classes, &patients, 5, 8).unwrap(), folds);
    }

    #[test]
    fn a_grouped_split_takes_whole_groups_near_its_share() {
        let (classes, patients) = rows();
        let split = Split::grouped(&classes, &patients, 0.2, 1).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (48, 12));
        assert_eq!(split.test.iter().filter(|row| classes[**row] == 1).count(), 3);
    }

    #[test]
    fn each_group_is_held_out_once() {
        let (classes, patients) = rows();
        let folds = each_group(&classes, &patients).unwrap();
        assert_eq!(folds.len(), 20);
        assert_eq!(folds[3].test, [3, 23, 43]);
    }

    #[test]
    fn what_cannot_be_grouped_is_refused() {
        let (classes, patients) = rows();
        let error =
            |result: Result<_, Error>| result.map(|_: Vec<Split>| ()).unwrap_err().to_string();
        assert_eq!(
            error(grouped_folds(&classes, &patients, 6, 0)),
            "class 1 has rows of 5 groups, fewer than the 6 folds"
        );
        assert_eq!(error(grouped_folds(&classes, &patients, 1, 0)), "1 folds, expected at least 2");
        assert_eq!(
            error(grouped_folds(&classes, &patients[1..], 2, 0)),
            "59 groups for 60 rows, expected one each"
        );
        let one = vec!["p".to_owned(); 60];
        assert_eq!(error(each_group(&classes, &one)), "1 groups, expected at least 2");
        let by_class: Vec<String> = classes.iter().map(|class| format!("p{class}")).collect();
        assert_eq!(
            error(each_group(&classes, &by_class)),
            "the training rows of fold 1 would have no row of class 1, expected at least 1 of each \
             class"
        );
        let split = Split::grouped(&classes, &by_class, 0.5, 0).unwrap_err().to_string();
        assert!(split.contains(" partition would have no row of class "), "{split}");
        let split = Split::grouped(&classes, &patients, 1.0, 0).unwrap_err().to_string();
        assert_eq!(split, "a share of 1 for testing, expected between 0 and 1");
    }
}
