//! The golden cases of `tests/data/corpus`, as a Rust program sets them.
//!
//! `NOMOGRAM_UPDATE=1` seals the bundles anew, fills in the answers of new cases, and replaces
//! answers that have changed, which are then printed. Other languages run the same files:
//! `corpus_programs.rs`.

use std::fmt::Write;
use std::fs;
use std::sync::{Arc, LazyLock};

use ndarray::{Array2, ArrayView2, Axis, ShapeBuilder, concatenate, s};
use nomogram::{
    Action, Activation, Aggregate, Bins, CalibrationMap, Calibrator, Combiner, CombinerReads,
    Comparison, Derivation, FeatureKind, ImputeStatistic, Likelihood, Link, Member, Model, Monitor,
    Node, OnRefusal, Place, Points, PointsTotal, Precision, Prediction, Quantity, RuleAction,
    Session, Side, Step, Tie, seal, unseal,
};
use nomogram_testkit::corpus::{self, Answer, Case, Entry, Stated};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

/// A model of the corpus, opened from its bundle.
struct Opened {
    entry: Entry,
    model: Arc<Model>,
    /// What each case gets when it is stated value by value.
    answers: Vec<Answer>,
}

static CORPUS: LazyLock<Result<Vec<Opened>, String>> = LazyLock::new(|| {
    let (opened, refused): (Vec<_>, Vec<_>) =
        corpus::read()?.into_iter().map(Opened::new).partition(Result::is_ok);
    let refused: Vec<String> = refused.into_iter().filter_map(Result::err).collect();
    if refused.is_empty() { opened.into_iter().collect() } else { Err(refused.join("\n")) }
});

fn every_model() -> impl Iterator<Item = &'static Opened> {
    CORPUS.as_ref().unwrap_or_else(|error| panic!("{error}")).iter()
}

fn is_update() -> bool {
    std::env::var_os("NOMOGRAM_UPDATE").is_some()
}

impl Opened {
    fn new(entry: Entry) -> Result<Self, String> {
        let path = corpus::path(&entry.name, "nomo");
        if is_update() {
            let sealed = entry.model.seal(&entry.name);
            fs::write(&path, sealed.map_err(|e| format!("{}.json: {e}", entry.name))?).unwrap();
        }
        let model = Model::open_file(&path).map_err(|e| format!("{}.nomo: {e}", entry.name))?;
        let model = Arc::new(model);
        let mut session = Session::new(model.clone());
        let answers = entry.cases.cases.iter().map(|case| by_value(&mut session, case)).collect();
        Ok(Self { entry, model, answers })
    }

    /// The cases that an array of numbers can state, as rows, and their answers.
    fn rows(&self) -> (Array2<f64>, Vec<Answer>) {
        let features = self.model.schema().features();
        let (mut numbers, mut answers) = (Vec::new(), Vec::new());
        for (case, answer) in self.entry.cases.cases.iter().zip(&self.answers) {
            let row = case
                .stated
                .iter()
                .zip(features)
                .map(|(stated, feature)| stated.array_number(feature));
            if let Some(row) = row.collect::<Option<Vec<f64>>>() {
                numbers.extend(row);
                answers.push(answer.clone());
            }
        }
        (Array2::from_shape_vec((answers.len(), features.len()), numbers).unwrap(), answers)
    }
}

/// The answer to a case that is stated value by value.
fn by_value(session: &mut Session, case: &Case) -> Answer {
    let model = session.model().clone();
    session.clear();
    for (feature, stated) in case.stated.iter().enumerate() {
        let value = stated.value().map_err(|e| e.within(Place::Feature(feature)));
        let set = value.and_then(|value| match value {
            Some(value) => session.set(feature, value),
            None => Ok(()),
        });
        if let Err(error) = set {
            return Answer::of_error(&error, &model);
        }
    }
    Answer::of(&session.predict(), &model)
}

/// The answer to a row of numbers.
fn by_row(session: &mut Session, row: &[f64]) -> Answer {
    let model = session.model().clone();
    Answer::of(&session.predict_row(row), &model)
}

/// The answers to all rows of a batch, whether or not the others can be predicted.
fn by_batch(session: &mut Session, rows: ArrayView2<'_, f64>) -> Vec<Answer> {
    let model = session.model().clone();
    let mut answers = Vec::new();
    let going_on = session.predict_rows(rows, OnRefusal::GoOn, |row, prediction| {
        assert_eq!(row, answers.len());
        answers.push(Answer::of(&prediction, &model));
    });
    going_on.unwrap();
    assert_eq!(answers.len(), rows.nrows());
    answers
}

/// The same rows in other places of memory.
fn in_every_layout(rows: &Array2<f64>) -> Vec<(&'static str, Array2<f64>)> {
    let (n_rows, n_columns) = rows.dim();
    let mut by_column = Array2::zeros((n_rows, n_columns).f());
    by_column.assign(rows);
    let padded = |n_before: usize| {
        // What must not be read is 10, which any feature could be.
        let mut padded = Array2::from_elem((2 * n_rows, n_columns + 3), 10.0);
        let mut inner = padded.slice_mut(s![..;2, n_before..n_before + n_columns]);
        inner.assign(rows);
        padded.slice_move(s![..;2, n_before..n_before + n_columns])
    };
    let mut reversed = rows.slice(s![..;-1, ..;-1]).as_standard_layout().into_owned();
    reversed.invert_axis(Axis(0));
    reversed.invert_axis(Axis(1));
    vec![
        ("row by row", rows.clone()),
        ("column by column", by_column),
        ("padded", padded(0)),
        ("padded on both sides", padded(2)),
        ("from the end", reversed),
    ]
}

/// What differs, line by line; nothing when nothing does.
fn difference(what: &str, expected: &Answer, found: &Answer) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut text = format!("{what}\n");
    for line in expected.lines.iter().filter(|line| !found.lines.contains(line)) {
        writeln!(text, "- {line}").unwrap();
    }
    for line in found.lines.iter().filter(|line| !expected.lines.contains(line)) {
        writeln!(text, "+ {line}").unwrap();
    }
    Some(text)
}

fn differences(what: &str, expected: &[Answer], found: &[Answer]) -> Vec<String> {
    assert_eq!(expected.len(), found.len(), "{what}");
    let pairs = expected.iter().zip(found).enumerate();
    pairs.filter_map(|(row, (a, b))| difference(&format!("{what}, row {row}"), a, b)).collect()
}

/// Fails with what differs, but for what would fill too many screens.
fn assert_same(differences: &[String]) {
    let shown = &differences[..differences.len().min(100)];
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), shown.join("\n"));
}

#[test]
fn every_bundle_is_sealed_from_its_model() {
    for Opened { entry, .. } in every_model() {
        let name = &entry.name;
        let sealed = entry.model.seal(name).unwrap_or_else(|e| panic!("{name}.json: {e}"));
        let is_current = fs::read(corpus::path(name, "nomo")).unwrap() == sealed;
        let (parts, rows) = unseal(&sealed).unwrap();
        assert!(seal(&parts, rows.view()).unwrap() == sealed, "{name}: sealed again");
        assert!(is_current, "{name}.nomo is not what {name}.json gives: run `cargo xtask corpus`");
    }
}

#[test]
fn every_case_has_its_answer() {
    let mut wrong = Vec::new();
    for Opened { entry, answers, .. } in every_model() {
        let name = &entry.name;
        for (case, answer) in entry.cases.cases.iter().zip(answers) {
            let is_new = case.expected.lines.is_empty();
            let what = format!("{name}.cases: {}", case.name);
            if !(is_new && is_update()) {
                wrong.extend(difference(&what, &case.expected, answer));
            }
        }
        if is_update() {
            fs::write(corpus::path(name, "cases"), entry.cases.with_answers(answers)).unwrap();
        }
    }
    if is_update() {
        wrong.drain(..).for_each(|changed| eprintln!("changed: {changed}"));
    }
    assert_same(&wrong);
}

/// The counts of all cases, each stated value by value and predicted once.
fn counts(opened: &Opened) -> Option<Vec<u64>> {
    opened.model.profile()?;
    let mut session = Session::new(opened.model.clone());
    session.attach(Monitor::new(opened.model.clone()).unwrap()).unwrap();
    for case in &opened.entry.cases.cases {
        by_value(&mut session, case);
    }
    Some(session.detach().unwrap().cells().to_vec())
}

#[test]
fn the_cases_of_a_model_with_a_profile_have_their_counts() {
    let mut n_models = 0;
    for opened in every_model() {
        let Some(found) = counts(opened) else { continue };
        let path = corpus::path(&opened.entry.name, "counts");
        let text: Vec<String> = found.iter().map(u64::to_string).collect();
        let text = text.join("\n") + "\n";
        if is_update() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(path).unwrap(), text, "{}.counts", opened.entry.name);
        n_models += 1;
    }
    assert!(n_models > 0);
}

#[test]
fn every_case_has_the_same_answer_as_a_row_of_numbers() {
    let mut wrong = Vec::new();
    for opened in every_model() {
        let (rows, answers) = opened.rows();
        let mut session = Session::new(opened.model.clone());
        let found: Vec<Answer> =
            rows.rows().into_iter().map(|row| by_row(&mut session, &row.to_vec())).collect();
        wrong.extend(differences(&opened.entry.name, &answers, &found));
    }
    assert_same(&wrong);
}

#[test]
fn all_cases_have_the_same_answers_as_a_batch_in_any_layout() {
    let mut wrong = Vec::new();
    for opened in every_model() {
        let (rows, answers) = opened.rows();
        let mut session = Session::new(opened.model.clone());
        for (layout, rows) in in_every_layout(&rows) {
            let found = by_batch(&mut session, rows.view());
            wrong.extend(differences(&format!("{} {layout}", opened.entry.name), &answers, &found));
        }
    }
    assert_same(&wrong);
}

#[test]
fn all_cases_have_the_same_answers_in_batches_of_any_size() {
    let mut wrong = Vec::new();
    for opened in every_model() {
        let (rows, answers) = opened.rows();
        let mut session = Session::new(opened.model.clone());
        for n_rows in [0, 1, 10_000] {
            let positions: Vec<usize> = (0..answers.len()).cycle().take(n_rows).collect();
            let repeated = rows.select(Axis(0), &positions);
            let expected: Vec<Answer> = positions.iter().map(|at| answers[*at].clone()).collect();
            let found = by_batch(&mut session, repeated.view());
            let what = format!("{} in a batch of {n_rows}", opened.entry.name);
            wrong.extend(differences(&what, &expected, &found));
        }
    }
    assert_same(&wrong);
}

#[test]
fn a_batch_stops_at_its_first_refused_case_before_anything_is_predicted() {
    for opened in every_model() {
        let name = &opened.entry.name;
        let (rows, answers) = opened.rows();
        let (kept, refused): (Vec<usize>, Vec<usize>) =
            (0..answers.len()).partition(|at| answers[*at].line("outputs").is_some());
        let good = rows.select(Axis(0), &kept);
        let mut session = Session::new(opened.model.clone());
        let mut found = Vec::new();
        let push = |_, prediction: &Prediction<'_>| {
            found.push(Answer::of(&Ok(*prediction), &opened.model));
        };
        session.predict_each(good.view(), push).unwrap();
        let expected: Vec<Answer> = kept.iter().map(|at| answers[*at].clone()).collect();
        assert_same(&differences(name, &expected, &found));

        for at in refused {
            let bad = concatenate![Axis(0), good, rows.slice(s![at..=at, ..]), good];
            let untouched = |_, _: &Prediction<'_>| panic!("{name}: predicted, but refused");
            let error = session.predict_each(bad.view(), untouched).unwrap_err();
            assert_eq!(error.path().next(), Some(Place::Row(kept.len())), "{name}");
            let found = Answer::of_error(&error, &opened.model);
            assert_same(&differences(name, &answers[at..=at], &[found]));
        }
    }
}

#[test]
fn cases_have_names_of_their_own_and_there_are_enough() {
    for Opened { entry, .. } in every_model() {
        let mut names: Vec<&str> = entry.cases.cases.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{}.cases", entry.name);
    }
    let n_cases: usize = every_model().map(|opened| opened.entry.cases.cases.len()).sum();
    assert!(n_cases >= 300, "{n_cases} cases");
}

/// The names that one kind of part can have in a model's file: serde lists them when it meets none
/// of them.
fn names<T: DeserializeOwned>() -> Vec<String> {
    let error = serde_json::from_str::<T>("\"?\"").err().unwrap().to_string();
    let names: Vec<String> = error.split('`').skip(3).step_by(2).map(String::from).collect();
    assert!(names.len() >= 2, "{error}");
    names
}

#[test]
fn every_kind_of_part_stands_in_a_model() {
    let parts = [
        ("feature", names::<FeatureKind>()),
        ("action", names::<Action>()),
        ("quantity of a rule", names::<Quantity>()),
        ("action of a rule", names::<RuleAction>()),
        ("step", names::<Step>()),
        ("statistic", names::<ImputeStatistic>()),
        ("derivation", names::<Derivation>()),
        ("member", names::<Member>()),
        ("link", names::<Link>()),
        ("node", names::<Node>()),
        ("comparison", names::<Comparison>()),
        ("precision", names::<Precision>()),
        ("aggregate", names::<Aggregate>()),
        ("default child", names::<Side>()),
        ("activation", names::<Activation>()),
        ("likelihood", names::<Likelihood>()),
        ("points", names::<Points>()),
        ("total of points", names::<PointsTotal>()),
        ("tie", names::<Tie>()),
        ("combiner", names::<Combiner>()),
        ("input of a stack", names::<CombinerReads>()),
        ("calibrator", names::<Calibrator>()),
        ("map of a calibrator", names::<CalibrationMap>()),
        ("bins of a profile", names::<Bins>()),
    ];
    let read = |opened: &Opened| fs::read_to_string(corpus::path(&opened.entry.name, "json"));
    let models: String = every_model().map(|opened| read(opened).unwrap()).collect();
    let mut absent = Vec::new();
    for (what, names) in parts {
        let is_absent = |name: &&String| !models.contains(&format!("\"{name}\""));
        absent.extend(names.iter().filter(is_absent).map(|name| format!("{what} {name}")));
    }
    assert!(absent.is_empty(), "in no model of the corpus: {}", absent.join(", "));
}

#[test]
fn a_wrong_answer_is_seen() {
    let answer = |lines: [&str; 2]| Answer { lines: lines.map(String::from).to_vec() };
    let (a, b) = (answer(["status NOMO_OK", "class 1"]), answer(["status NOMO_OK", "class 0"]));
    assert_eq!(difference("case", &a, &b).as_deref(), Some("case\n- class 1\n+ class 0\n"));
    assert!(differences("case", &[a.clone(), a.clone()], &[a.clone(), b]).len() == 1);
    assert_eq!(difference("case", &a, &a), None);
}

/// Rows of values that cases state, of both zeros, of numbers nearby and of numbers anywhere.
fn random_rows(opened: &Opened, mut seed: u64, n_rows: usize) -> Array2<f64> {
    let features = opened.model.schema().features();
    let known = |feature: usize| -> Vec<f64> {
        let stated = |case: &Case| case.stated[feature].clone();
        let number = |stated: Stated| stated.array_number(&features[feature]);
        let cases = &opened.entry.cases.cases;
        cases.iter().filter_map(|case| number(stated(case))).chain([0.0, -0.0]).collect()
    };
    let known: Vec<Vec<f64>> = (0..features.len()).map(known).collect();
    Array2::from_shape_fn((n_rows, features.len()), |(_, feature)| {
        // SplitMix64.
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let choice = mixed ^ (mixed >> 31);
        let pool = &known[feature];
        let value = pool[usize::try_from(choice >> 32).unwrap() % pool.len()];
        let share = f64::from(u32::try_from(choice & 0xffff).unwrap()) / 65536.0;
        match choice >> 16 & 15 {
            0..10 => value,
            10 => value.next_up(),
            11 => value.next_down(),
            12 => value * share,
            13 => f64::NAN,
            14 => (share - 0.5) * 200.0,
            _ => (share * 10.0).round(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn random_rows_have_the_same_answers_as_a_batch_in_any_layout(
        seed in any::<u64>(),
        n_rows in 0_usize..40,
    ) {
        for opened in every_model() {
            let rows = random_rows(opened, seed, n_rows);
            let mut session = Session::new(opened.model.clone());
            let expected: Vec<Answer> =
                rows.rows().into_iter().map(|row| by_row(&mut session, &row.to_vec())).collect();
            for (layout, rows) in in_every_layout(&rows) {
                let what = format!("{} {layout}", opened.entry.name);
                let found = by_batch(&mut session, rows.view());
                assert_same(&differences(&what, &expected, &found));
            }
        }
    }
}
