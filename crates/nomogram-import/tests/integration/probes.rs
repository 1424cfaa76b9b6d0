//! Rows reach the splits of trees: at the threshold, just below and just above.

use std::collections::{BTreeMap, BTreeSet};

use crate::records::records_in;
use crate::scikit_learn;
use ndarray::{Array2, ArrayView1};
use nomogram::{Comparison, Forest, Intake, Member, Node, Precision, Side, Value};
use nomogram_import::{Imported, Limits, Options, import, read_expected};

/// How many splits rows reach, of those that a number can reach.
#[derive(Debug, Default)]
struct Reached {
    n_splits: usize,
    /// With the threshold itself, as the forest reads it.
    at: usize,
    /// With a value within one step of single precision that goes left.
    left: usize,
    /// With one that goes right.
    right: usize,
    /// With both.
    both: usize,
}

impl Reached {
    fn add(&mut self, other: &Self) {
        self.n_splits += other.n_splits;
        self.at += other.at;
        self.left += other.left;
        self.right += other.right;
        self.both += other.both;
    }

    #[allow(clippy::cast_precision_loss, reason = "counts")]
    fn share(&self, n: usize) -> f64 {
        n as f64 / self.n_splits.max(1) as f64
    }
}

/// The forests with the rows that they read.
fn forests<'i>(imported: &'i Imported, rows: &[Vec<f64>]) -> Vec<(&'i Forest, Array2<f64>)> {
    let parts = &imported.parts;
    let n_features = parts.schema.n_features();
    let intake = Intake::of_schema(&parts.schema).unwrap();
    // As the policies of the features have them.
    let taken = |(feature, value): (usize, &f64)| {
        let value = if value.is_nan() { Value::Missing(None) } else { Value::Number(*value) };
        intake.take(feature, value).map(|(value, _)| value)
    };
    let taken = |row: &Vec<f64>| row.iter().enumerate().map(taken).collect::<Result<Vec<_>, _>>();
    let rows: Vec<Vec<f64>> = rows.iter().filter_map(|row| taken(row).ok()).collect();
    let flat = rows.concat();
    let table = Array2::from_shape_vec((rows.len(), n_features), flat).unwrap();
    let members = parts.members.iter().filter_map(|member| match &member.member {
        Member::Forest(forest) => Some((forest, member.branch)),
        Member::LinearForest(linear) => Some((linear.forest(), member.branch)),
        _ => None,
    });
    members
        .map(|(forest, branch)| {
            let mut branches = vec![&parts.branches[branch as usize]];
            while let Some(source) = branches[branches.len() - 1].source {
                branches.push(&parts.branches[source as usize]);
            }
            let steps = branches.iter().rev().flat_map(|branch| &branch.steps);
            (forest, steps.fold(table.clone(), |rows, step| step.encode(rows.view()).unwrap()))
        })
        .collect()
}

#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// One step of single precision, of values of moderate size where steps computed them.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn step(threshold: f64, is_computed: bool) -> f64 {
    let single = if is_computed { threshold.abs().max(1.0) } else { threshold.abs() } as f32;
    2.0 * (f64::from(single.next_up()) - f64::from(single))
}

/// What the splits above a node leave of a column: numbers above `low` up to `high`, missing values.
#[derive(Clone, Copy)]
struct Left {
    low: f64,
    high: f64,
    missing: bool,
}

/// Which splits of a tree could send a number to either side. CatBoost's trees repeat splits, and importers
/// make several splits of one, so that no row can reach some.
fn is_open(nodes: &[Node], n_columns: usize) -> Vec<bool> {
    let everything = Left { low: f64::NEG_INFINITY, high: f64::INFINITY, missing: true };
    let mut found = vec![false; nodes.len()];
    let mut pending = vec![(0, vec![everything; n_columns])];
    while let Some((index, columns)) = pending.pop() {
        if columns.iter().any(|left| left.low >= left.high && !left.missing) {
            continue;
        }
        match &nodes[index] {
            Node::Split { input, threshold, left, right, default_child } => {
                let column = *input as usize;
                let here = columns[column];
                // Where LightGBM takes 0 as missing, its neighbours are missing too.
                let is_zero = threshold.abs() < 1e-34;
                // Such a split separates missing values from all others.
                let is_largest = threshold.abs() > 1e38;
                let is_inside = here.low < *threshold && *threshold < here.high;
                found[index] = is_inside && !is_zero && !is_largest;
                let mut child = |child: u32, side: Side, low: f64, high: f64| {
                    let mut columns = columns.clone();
                    let missing = here.missing && *default_child == side;
                    columns[column] = Left { low, high, missing };
                    pending.push((child as usize, columns));
                };
                child(*left, Side::Left, here.low, here.high.min(*threshold));
                child(*right, Side::Right, here.low.max(*threshold), here.high);
            }
            Node::SplitLevels { left, right, .. } => {
                found[index] = true;
                pending.push((*left as usize, columns.clone()));
                pending.push((*right as usize, columns));
            }
            _ => {}
        }
    }
    found
}

fn reached(forest: &Forest, rows: &Array2<f64>, is_computed: bool) -> Reached {
    let is_single = forest.precision != Precision::Double;
    let side = |node: &Node, value: f64| match node {
        Node::Split { threshold, default_child, .. } => {
            let value = if is_single { single(value) } else { value };
            let goes_left = match forest.comparison {
                Comparison::Below => value < *threshold,
                _ => value <= *threshold,
            };
            let known = if goes_left { Side::Left } else { Side::Right };
            if value.is_nan() { *default_child } else { known }
        }
        Node::SplitLevels { levels, default_child, .. } => {
            let is_in = levels.iter().any(|level| f64::from(*level) == value);
            let known = if is_in { Side::Left } else { Side::Right };
            if value.is_nan() { *default_child } else { known }
        }
        _ => unreachable!(),
    };
    // Of levels and indicators, every value is near a threshold.
    let has_few_values = |column: ArrayView1<'_, f64>| {
        let distinct: BTreeSet<u64> = column.iter().map(|value| value.to_bits()).collect();
        is_computed && distinct.len() < 12
    };
    let is_level: Vec<bool> = rows.columns().into_iter().map(has_few_values).collect();
    let mut all = Reached::default();
    for tree in &forest.trees {
        let mut found = vec![[false; 3]; tree.nodes.len()];
        let mut walk = |row: ArrayView1<'_, f64>| {
            let mut index = 0;
            while let Node::Split { input, left, right, .. }
            | Node::SplitLevels { input, left, right, .. } = &tree.nodes[index]
            {
                let value = row[*input as usize];
                let to = side(&tree.nodes[index], value);
                let is_near = match &tree.nodes[index] {
                    Node::Split { threshold, .. } => {
                        let read = if is_single { single(value) } else { value };
                        found[index][0] |= read == *threshold;
                        is_level[*input as usize]
                            || (value - threshold).abs() <= step(*threshold, is_computed)
                    }
                    _ => !value.is_nan(),
                };
                found[index][if to == Side::Left { 1 } else { 2 }] |= is_near;
                index = if to == Side::Left { *left } else { *right } as usize;
            }
        };
        rows.rows().into_iter().for_each(&mut walk);
        let open = is_open(&tree.nodes, forest.n_inputs as usize);
        let nodes = tree.nodes.iter().zip(found).zip(open).filter(|(_, open)| *open);
        for ((node, [at, left, right]), _) in nodes {
            let is_levels = matches!(node, Node::SplitLevels { .. });
            all.n_splits += 1;
            all.at += usize::from(at || (is_levels && left && right));
            all.left += usize::from(left);
            all.right += usize::from(right);
            all.both += usize::from(left && right);
        }
    }
    all
}

fn of_model(imported: &Imported, rows: &[Vec<f64>]) -> Reached {
    let mut all = Reached::default();
    for ((forest, rows), member) in forests(imported, rows).iter().zip(&imported.parts.members) {
        let branch = &imported.parts.branches[member.branch as usize];
        all.add(&reached(forest, rows, !branch.steps.is_empty() || branch.source.is_some()));
    }
    all
}

fn rows_of(imported: &Imported, table: &str) -> Vec<Vec<f64>> {
    let known = read_expected(table.as_bytes(), &imported.parts.schema, &Limits::default());
    known.unwrap().into_iter().map(|known| known.row).collect()
}

/// All models with trees, by their library, with the rows of their fixture.
fn models() -> impl Iterator<Item = (String, String, Imported, Vec<Vec<f64>>)> {
    let files = ["", "onnx", "pmml"].into_iter().flat_map(records_in);
    let of_files = files.filter_map(|record| {
        let imported = import(&record.model, None, &Options::default(), &Limits::default()).ok()?;
        let rows = rows_of(&imported, &record.table);
        Some((record.library, record.name, imported, rows))
    });
    let of_python = scikit_learn::lines().into_iter().filter_map(|line| {
        let rows = line.table.as_ref()?;
        let imported = scikit_learn::read_line(&line).unwrap();
        let rows = rows_of(&imported, rows);
        let (version, name) = line.name.split_once(": ").unwrap();
        Some((format!("scikit-learn-{version}"), name.to_owned(), imported, rows))
    });
    of_files.chain(of_python)
}

/// What of a library's splits is reached, and the models that miss more than a share of their own.
fn shares(
    rows: impl Fn(&Imported, Vec<Vec<f64>>) -> Vec<Vec<f64>>,
    least: impl Fn(&str) -> f64,
) -> (BTreeMap<String, Reached>, Vec<String>) {
    let mut by_library = BTreeMap::<String, Reached>::new();
    let mut missed = Vec::new();
    for (library, name, imported, known) in models() {
        let found = of_model(&imported, &rows(&imported, known));
        if found.n_splits > 0 && found.share(found.both) < least(&library) {
            missed.push(format!("{library}: {name}: {found:?}"));
        }
        by_library.entry(library).or_default().add(&found);
    }
    for (library, found) in &by_library {
        println!("{library}: {:.1} % {found:?}", 100.0 * found.share(found.both));
    }
    (by_library, missed)
}

#[test]
fn probes_reach_every_split_on_both_sides() {
    let (found, missed) = shares(|imported, _| imported.probes(20_000).unwrap(), |_| 0.95);
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let n_splits: usize = found.values().map(|found| found.n_splits).sum();
    assert!(n_splits > 10_000, "{n_splits}");
}

#[test]
fn few_probes_are_spread_over_all_trees() {
    let (_, _, imported, _) =
        models().find(|(library, ..)| library == "scikit-learn-1.9.1").unwrap();
    assert!(imported.probes(64).unwrap().len() <= 64);
    let random_forest = models().find(|(_, name, ..)| name == "random forest").unwrap().2;
    let (few, many) = (random_forest.probes(100).unwrap(), random_forest.probes(20_000).unwrap());
    let (few, many) = (of_model(&random_forest, &few), of_model(&random_forest, &many));
    assert!(few.both * 3 > many.both && few.both < many.both, "{few:?} {many:?}");
}

#[test]
fn rows_of_fixtures_reach_splits_on_both_sides() {
    let (found, _) = shares(|_, rows| rows, |_| 0.0);
    let least = |library: &str| match library {
        _ if library.starts_with("catboost") => 0.99,
        _ if library.starts_with("lightgbm-2") => 0.5,
        _ if library.starts_with("lightgbm") => 0.9,
        _ if library.starts_with("onnx 1.16") || library.starts_with("torch") => 0.0,
        "by hand" => 0.0,
        _ if library.starts_with("scikit-learn") => 0.85,
        _ if library.starts_with("xgboost") => 0.8,
        _ => 0.45,
    };
    for (library, found) in found {
        assert!(found.share(found.both) >= least(&library), "{library}: {found:?}");
    }
}
