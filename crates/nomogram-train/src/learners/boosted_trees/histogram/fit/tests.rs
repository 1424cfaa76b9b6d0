use super::*;
use crate::invalid::Spec;
use crate::learners::boosted_trees::spec::Splits;
use crate::learners::early_stopping::EarlyStopping;
use ndarray::{Array2, array};
use nomogram::{Node, Side, numeric};

fn spec(n_trees: usize, max_leaves: usize) -> BoostedTreesSpec {
    BoostedTreesSpec {
        max_leaves: Some(max_leaves),
        splits: Splits::Histogram(HistogramSpec::default()),
        ..BoostedTreesSpec::new(n_trees, 0.3)
    }
}

fn forest(spec: &BoostedTreesSpec, rows: TrainingRows<'_>) -> Forest {
    spec.clone().check().unwrap().fit(rows, 7).unwrap()
}

/// A table with numbers, some missing, and a column of levels.
fn table(n_rows: usize, seed: u64) -> (Array2<f64>, Vec<usize>) {
    let mut random = Random::new(seed, 0);
    let mut classes = Vec::new();
    let values = Array2::from_shape_fn((n_rows, 5), |(_, column)| {
        let uniform = random.uniform();
        match column {
            4 => (uniform * 12.0).floor(),
            3 if uniform < 0.3 => f64::NAN,
            _ => uniform,
        }
    });
    for row in values.rows() {
        let levels = [0.0, 2.0, 0.5, 1.0, 3.0, 0.2, 2.5, 0.0, 1.0, 0.3, 2.0, 1.1];
        let level = levels[(0..12_u8).position(|level| f64::from(level) >= row[4]).unwrap()];
        let missing = if row[3].is_nan() { 1.0 } else { row[3] };
        let margin = 4.0 * row[0] * row[1] - 2.0 * row[2] + level + missing - 2.5;
        classes.push(usize::from(random.uniform() < numeric::logistic(margin * 1.5)));
    }
    (values, classes)
}

/// The margins of a row, walked node by node.
fn margins(forest: &Forest, row: &[f64]) -> Vec<f64> {
    let mut margins = forest.base_margins.clone();
    for tree in &forest.trees {
        let mut at = 0;
        let leaf = loop {
            let (goes_left, left, right) = match &tree.nodes[at] {
                Node::Leaf { leaf } => break *leaf,
                Node::Split { input, threshold, left, right, default_child } => {
                    let value = row[*input as usize];
                    let default = *default_child == Side::Left;
                    let goes_left = if value.is_nan() { default } else { value <= *threshold };
                    (goes_left, *left, *right)
                }
                Node::SplitLevels { input, levels, left, right, default_child } => {
                    let value = row[*input as usize];
                    let default = *default_child == Side::Left;
                    let is_within = levels.iter().any(|level| f64::from(*level) == value);
                    (if value.is_nan() { default } else { is_within }, *left, *right)
                }
            };
            at = if goes_left { left } else { right } as usize;
        };
        margins[tree.margin.unwrap() as usize] += tree.leaves[leaf as usize];
    }
    margins
}

fn log_loss(forest: &Forest, rows: TrainingRows<'_>) -> f64 {
    let all = rows.values.rows().into_iter();
    let margins: Vec<f64> = all.flat_map(|row| margins(forest, &row.to_vec())).collect();
    mean_log_loss(rows, &margins, &(0..rows.n_rows()).collect::<Vec<_>>())
}

#[test]
fn the_first_tree_splits_where_the_classes_change() {
    let values = array![[7.0, 1.0], [7.0, 2.0], [7.0, 4.0], [7.0, 8.0]];
    let rows = TrainingRows::binary(values.view(), &[0, 0, 1, 1]);
    let forest = forest(&BoostedTreesSpec { learning_rate: 0.5, ..spec(1, 8) }, rows);
    let (input, threshold) = (1, 3.0);
    let root = Node::Split { input, threshold, left: 1, right: 2, default_child: Side::Right };
    assert_eq!(forest.trees[0].nodes, [root, Node::Leaf { leaf: 0 }, Node::Leaf { leaf: 1 }]);
    assert_eq!(forest.trees[0].leaves, [-1.0, 1.0]);
    assert_eq!(forest.base_margins, [0.0]);
}

#[test]
fn threads_change_no_bit() {
    let (values, classes) = table(5000, 1);
    let rows = TrainingRows::binary(values.view(), &classes);
    let spec = BoostedTreesSpec {
        subsample: 0.7,
        column_subsample: 0.6,
        categorical: vec![4],
        ..spec(10, 31)
    };
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| forest(&spec, rows))
    };
    let one = with(1);
    assert!(one.trees.iter().any(|tree| tree.leaves.len() == 31));
    for n_threads in [2, 3, 5] {
        assert_eq!(with(n_threads), one, "{n_threads} threads");
    }
}

#[test]
fn margins_of_training_are_those_of_the_forest() {
    let (values, classes) = table(400, 2);
    let weights: Vec<f64> = (0..400_u16).map(|row| 0.5 + f64::from(row % 7)).collect();
    let rows =
        TrainingRows { weights: Some(&weights), ..TrainingRows::binary(values.view(), &classes) };
    // Losses of all rows come from walking the trees, those of held-out rows from the partition: both
    // must agree on the best round.
    let stopping = EarlyStopping { fraction: 0.4, patience: 5 };
    let stopped = BoostedTreesSpec {
        early_stopping: Some(stopping.clone()),
        subsample: 0.5,
        categorical: vec![4],
        ..spec(200, 8)
    };
    let fitted = forest(&stopped, rows);
    let n_trees = fitted.trees.len();
    assert!(n_trees < 200, "it never stopped");
    let held_out = Split::stratified(&classes, stopping.fraction, 7).unwrap().test;
    let loss_after = |n_trees: usize| {
        let longer = forest(&BoostedTreesSpec { n_trees, ..stopped.clone() }, rows);
        let part = values.select(ndarray::Axis(0), &held_out);
        let classes: Vec<usize> = held_out.iter().map(|row| classes[*row]).collect();
        let weights: Vec<f64> = held_out.iter().map(|row| weights[*row]).collect();
        let part =
            TrainingRows { weights: Some(&weights), ..TrainingRows::binary(part.view(), &classes) };
        (longer.trees.len(), log_loss(&longer, part))
    };
    let (kept, best) = loss_after(n_trees);
    assert_eq!(kept, n_trees);
    for fewer in [1, n_trees / 2, n_trees - 1] {
        assert!(loss_after(fewer).1 >= best, "{fewer} of {n_trees}");
    }
    // The rounds that it waits for are no better.
    assert_eq!(loss_after(n_trees + 4).0, n_trees);
}

#[test]
fn missing_values_go_to_the_side_that_was_fitted() {
    let nan = f64::NAN;
    let values = array![[1.0], [2.0], [3.0], [4.0], [nan], [nan]];
    for (class_of_missing, side) in [(0, Side::Left), (1, Side::Right)] {
        let classes = [0, 0, 1, 1, class_of_missing, class_of_missing];
        let forest = forest(&spec(1, 2), TrainingRows::binary(values.view(), &classes));
        let Node::Split { threshold, default_child, .. } = forest.trees[0].nodes[0] else {
            panic!("no split");
        };
        assert_eq!((threshold, default_child), (2.5, side));
    }
    // Only whether a value is missing separates the classes.
    let rows = TrainingRows::binary(values.view(), &[0, 0, 0, 0, 1, 1]);
    let forest = forest(&spec(1, 2), rows);
    let Node::Split { threshold, default_child, .. } = forest.trees[0].nodes[0] else {
        panic!("no split");
    };
    assert_eq!((threshold, default_child), (f64::MAX, Side::Right));
    assert!(margins(&forest, &[nan]) > margins(&forest, &[1e9]));
}

#[test]
fn categories_are_split_by_sets_of_levels() {
    // Levels 1, 4 and 9 are positive, in no order that a threshold could use.
    let level = |row: usize| [1.0, 4.0, 9.0, 0.0, 2.0, 3.0, 5.0, 8.0][row % 8];
    let values = Array2::from_shape_fn((80, 1), |(row, _)| level(row));
    let classes: Vec<usize> = (0..80).map(|row| usize::from(row % 8 < 3)).collect();
    let rows = TrainingRows::binary(values.view(), &classes);
    for max_cat_to_onehot in [4, 8] {
        let histogram = HistogramSpec {
            max_cat_to_onehot,
            min_rows_per_group: 1,
            cat_smooth: 1.0,
            ..HistogramSpec::default()
        };
        let splits = Splits::Histogram(histogram);
        let spec = BoostedTreesSpec { splits, categorical: vec![0], ..spec(5, 8) };
        let forest = forest(&spec, rows);
        let Node::SplitLevels { levels, .. } = &forest.trees[0].nodes[0] else {
            panic!("no split by levels");
        };
        let expected: &[u32] = if max_cat_to_onehot == 4 { &[1, 4, 9] } else { &[1] };
        assert_eq!(levels, expected);
        // One level at a time separates them as well, split by split.
        let margin = |level: f64| margins(&forest, &[level])[0] > 0.0;
        for (row, class) in classes.iter().enumerate().take(8) {
            assert_eq!(margin(level(row)), *class == 1, "level {}", level(row));
        }
    }
}

#[test]
fn missing_is_a_level_of_its_own() {
    let nan = f64::NAN;
    let values = Array2::from_shape_fn((60, 1), |(row, _)| [0.0, 1.0, nan][row % 3]);
    for wanted in [0, 2] {
        let classes: Vec<usize> = (0..60).map(|row| usize::from(row % 3 == wanted)).collect();
        let rows = TrainingRows::binary(values.view(), &classes);
        let forest = forest(&BoostedTreesSpec { categorical: vec![0], ..spec(1, 2) }, rows);
        let margin = |value: f64| margins(&forest, &[value])[0] > 0.0;
        assert_eq!([0.0, 1.0, nan].map(margin), [wanted == 0, false, wanted == 2]);
        // An unseen level is on the side of the others.
        assert!(!margin(5.0) || wanted == 2);
    }
}

#[test]
fn margins_of_monotone_inputs_never_change_direction() {
    let (values, classes) = table(3000, 4);
    let rows = TrainingRows::binary(values.view(), &classes);
    let free = forest(&spec(40, 16), rows);
    let bound = forest(&BoostedTreesSpec { monotone: vec![1, 0, -1, 1, 0], ..spec(40, 16) }, rows);
    let violations = |forest: &Forest, input: usize, sign: f64| {
        let mut n = 0;
        for row in values.rows().into_iter().take(200) {
            let mut row = row.to_vec();
            let mut before = f64::NEG_INFINITY;
            for at in 0..50_u8 {
                row[input] = f64::from(at) / 50.0;
                let margin = sign * margins(forest, &row)[0];
                n += usize::from(margin < before);
                before = margin;
            }
        }
        n
    };
    for (input, sign) in [(0, 1.0), (2, -1.0), (3, 1.0)] {
        assert_eq!(violations(&bound, input, sign), 0, "input {input}");
        assert!(violations(&free, input, sign) > 0, "the test could not fail for {input}");
    }
    assert!(log_loss(&bound, rows) < 0.9 * log_loss(&forest(&spec(1, 2), rows), rows));
}

#[test]
fn three_classes_have_a_tree_each() {
    let values = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
    let rows =
        TrainingRows { n_classes: 3, ..TrainingRows::binary(values.view(), &[2, 2, 0, 0, 1, 1]) };
    let forest = forest(&spec(20, 4), rows);
    assert_eq!((forest.link, forest.trees.len()), (Link::Softmax, 60));
    for (row, class) in values.rows().into_iter().zip(rows.classes) {
        let margins = margins(&forest, &row.to_vec());
        let best = (0..3).max_by(|a, b| margins[*a].total_cmp(&margins[*b])).unwrap();
        assert_eq!(best, *class);
    }
}

#[test]
fn a_row_of_weight_two_counts_as_two_rows() {
    let values = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
    let weighted = TrainingRows {
        weights: Some(&[1.0, 2.0, 1.0, 1.0, 2.0]),
        ..TrainingRows::binary(values.view(), &[0, 1, 0, 1, 1])
    };
    let repeated = array![[1.0], [2.0], [2.0], [3.0], [4.0], [5.0], [5.0]];
    let repeated = TrainingRows::binary(repeated.view(), &[0, 1, 1, 0, 1, 1, 1]);
    let (weighted, repeated) = (forest(&spec(5, 3), weighted), forest(&spec(5, 3), repeated));
    for value in [1.0, 2.0, 3.0, 4.0, 5.0] {
        let (a, b) = (margins(&weighted, &[value])[0], margins(&repeated, &[value])[0]);
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn leaves_keep_their_limits() {
    let (values, classes) = table(500, 5);
    let rows = TrainingRows::binary(values.view(), &classes);
    let few = BoostedTreesSpec { max_depth: Some(2), min_rows_per_leaf: 40, ..spec(5, 31) };
    let forest = forest(&few, rows);
    for tree in &forest.trees {
        assert!(tree.leaves.len() <= 4);
        let counts = |leaf: usize| {
            let alone =
                Forest { base_margins: vec![0.0], trees: vec![tree.clone()], ..forest.clone() };
            let all = values.rows().into_iter();
            all.filter(|row| margins(&alone, &row.to_vec())[0] == tree.leaves[leaf]).count()
        };
        assert!((0..tree.leaves.len()).all(|leaf| counts(leaf) >= 40));
    }
    let heavy = BoostedTreesSpec { min_child_weight: 1e6, ..spec(1, 31) };
    assert_eq!(self::forest(&heavy, rows).trees[0].leaves.len(), 1);
    let greedy = BoostedTreesSpec { min_gain: 1e6, ..spec(1, 31) };
    assert_eq!(self::forest(&greedy, rows).trees[0].leaves.len(), 1);
}

#[test]
fn settings_that_do_not_fit_the_rows_are_refused() {
    let (values, classes) = table(50, 6);
    let rows = TrainingRows::binary(values.view(), &classes);
    let error =
        |spec: BoostedTreesSpec| spec.check().unwrap().fit(rows, 0).unwrap_err().to_string();
    assert_eq!(
        error(BoostedTreesSpec { monotone: vec![1], ..spec(1, 2) }),
        "configuration: monotone: 1 signs, expected 5, one for each input"
    );
    assert_eq!(
        error(BoostedTreesSpec { categorical: vec![5], ..spec(1, 2) }),
        "configuration: categorical: 1: 5, expected a position below 5"
    );
    let fraction = error(BoostedTreesSpec { categorical: vec![0], ..spec(1, 2) });
    assert!(fraction.starts_with("boosted trees: input 1: found 0."), "{fraction}");
    assert!(fraction.ends_with(", expected the number of a level"), "{fraction}");
}
