//! Uncertainty that sealed models get: intervals of a number, and p-values and sets of classes.

#![allow(clippy::cast_precision_loss, reason = "counts of a few thousand rows")]

#[path = "../../examples/shared/number_coverage.rs"]
mod number_coverage;

use nomogram::{Interval, Model, Scores, Session, Verdict, unseal};
use nomogram_train::{
    Dataset, Error, NumberAssessment, NumberRows, RecalibratedUncertainty, Table, TrainingConfig,
    UncertaintyConfig, recalibrate, recalibrate_uncertainty, train,
};
use serde::Deserialize;

use number_coverage::{DIABETES, columns, parent, table};

/// What crepes 0.9.1, MAPIE 1.6.0 and scikit-learn 1.9.1 made of the same rows.
#[derive(Deserialize)]
struct Reference {
    levels: Vec<f64>,
    offset: f64,
    normalised: OfIntervals,
    plain: OfIntervals,
    mean_absolute_error: f64,
    root_mean_squared_error: f64,
    r_squared: f64,
}

#[derive(Deserialize)]
struct OfIntervals {
    /// By level and row.
    intervals: Vec<Vec<[f64; 2]>>,
    coverage: Vec<f64>,
    width: Vec<f64>,
}

const NUMBERS: &str = include_str!("../reference/numbers.json");

fn diabetes() -> Vec<u8> {
    parent(&serde_json::from_str(NUMBERS).unwrap()).unwrap()
}

fn config(uncertainty: &str) -> UncertaintyConfig {
    let yaml = format!(
        "version: '2'\nseed: 1\ndata: {{ target: progression, patient: patient }}\n{uncertainty}"
    );
    UncertaintyConfig::from_yaml(&yaml).unwrap()
}

/// Every third patient from one on.
fn every_third(first: usize) -> Vec<usize> {
    (first..DIABETES.lines().count() - 1).step_by(3).collect()
}

fn fitted(uncertainty: &str) -> RecalibratedUncertainty {
    let table = table(&every_third(1)).unwrap();
    recalibrate_uncertainty(&diabetes(), &config(uncertainty), &table).unwrap()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn intervals_are_those_of_crepes_and_mapie_to_the_bit() {
    let reference: Reference = serde_json::from_str(NUMBERS).unwrap();
    let Reference { levels, offset, normalised, plain, .. } = &reference;
    let range = format!("{{ member_range: {{ offset: {offset} }} }}");
    for (difficulty, expected) in [(range.as_str(), normalised), ("constant", plain)] {
        let settings = format!("uncertainty: {{ levels: {levels:?}, difficulty: {difficulty} }}");
        let child = fitted(&settings);
        let rows = table(&every_third(2)).unwrap();
        let rows = NumberRows::of_model(&rows, child.model.schema(), &columns()).unwrap();
        let mut session = Session::new(child.model.clone());
        let mut n_compared = 0;
        let compare = |row: usize, prediction: &nomogram::Prediction<'_>| {
            for (level, Interval { low, high }) in
                prediction.uncertain().unwrap().intervals().enumerate()
            {
                let [expected_low, expected_high] = expected.intervals[level][row];
                assert_eq!(low.to_bits(), expected_low.to_bits(), "{difficulty} {level} {row}");
                assert_eq!(high.to_bits(), expected_high.to_bits(), "{difficulty} {level} {row}");
                n_compared += 1;
            }
        };
        session.predict_each(rows.values().view(), compare).unwrap();
        assert_eq!(n_compared, 4 * 147);

        let assessment = NumberAssessment::new(&child.model, &rows).unwrap();
        for (index, of_level) in assessment.intervals.iter().enumerate() {
            close(of_level.coverage.value, expected.coverage[index]);
            close(of_level.mean_width, expected.width[index]);
        }
        close(assessment.errors.mean_absolute_error, reference.mean_absolute_error);
        close(assessment.errors.root_mean_squared_error, reference.root_mean_squared_error);
        close(assessment.errors.r_squared.unwrap(), reference.r_squared);
        assert!(assessment.warnings.is_empty());
    }
}

/// `examples/number_coverage.rs` does the same with 200 splits: docs/uncertainty.md has its numbers.
#[test]
fn intervals_hold_the_number_as_often_as_their_level_says() {
    const N_SPLITS: u64 = 40;
    for difficulty in ["constant", "{ member_range: { offset: 20 } }"] {
        let config = config(&format!(
            "uncertainty: {{ levels: [0.5, 0.8, 0.9, 0.95], difficulty: {difficulty}, distance: features }}"
        ));
        let measured = number_coverage::measure(&diabetes(), &config, N_SPLITS).unwrap();
        let n = measured.n_rows as f64;
        for (level, n_covered) in config.uncertainty.levels.iter().zip(&measured.n_covered) {
            let covered = *n_covered as f64 / n;
            // Of one split, by 147 rows that fit and 148 that are counted.
            let variance = level * (1.0 - level) * (1.0 / 147.0 + 1.0 / 148.0);
            let error = 4.0 * (variance / N_SPLITS as f64).sqrt();
            let range = level - error..=level + 1.0 / 148.0 + error;
            assert!(range.contains(&covered), "{difficulty} {level}: {covered}");
        }
        let far = measured.n_far as f64 / n;
        assert!((0.03..=0.07).contains(&far), "{far} of new rows are among the farthest 5 %");
    }
}

#[test]
fn a_child_predicts_the_same_names_its_parent_and_has_the_errors_of_few_rows() {
    let child = fitted("");
    let open = Model::open(&diabetes()).unwrap();
    let notes = &child.model.manifest().notes;
    assert_eq!(notes["parent"], open.digest().to_string());
    assert_eq!(notes["recalibration rows"], "147");
    assert_eq!(child.model.manifest().version, "2");
    assert_eq!(child.model.manifest().name, "diabetes");
    let kept = UncertaintyConfig::of_bundle(child.model.manifest()).unwrap().unwrap();
    assert_eq!(kept, config(""));
    assert_eq!((child.n_rows, child.n_independent), (147, 147));

    let (parts, golden) = unseal(&child.bundle).unwrap();
    assert_eq!(golden, unseal(&diabetes()).unwrap().1);
    let uncertainty = parts.uncertainty.unwrap();
    let Scores::Number { ranks, .. } = &uncertainty.scores else { panic!("{uncertainty:?}") };
    assert_eq!((ranks.n_rows(), ranks.n_distinct()), (147, 3));
    assert_eq!((uncertainty.levels.as_slice(), uncertainty.distance), (&[0.9, 0.95][..], None));
    assert!(fitted("").bundle == child.bundle, "the same bytes");
    assert!(fitted("uncertainty: { levels: [0.9] }").bundle != child.bundle);

    // A child of the child has its own uncertainty, and nothing of the other.
    let table = table(&every_third(2)).unwrap();
    let config = config("uncertainty: { distance: features, refer: { unlike: 0.05 } }");
    let second = recalibrate_uncertainty(&child.bundle, &config, &table).unwrap();
    let distance = second.model.uncertainty().unwrap().distance.clone().unwrap();
    assert_eq!(distance.ranks.n_rows(), 147);
    let third =
        recalibrate_uncertainty(&second.bundle, &config, &self::table(&every_third(1)).unwrap());
    assert_eq!(third.unwrap().model.uncertainty().unwrap().distance, Some(distance));

    let rows = NumberRows::of_model(&table, second.model.schema(), &columns()).unwrap();
    let assessment = NumberAssessment::new(&second.model, &rows).unwrap();
    let warning = "the calibrator or the uncertainty of the bundle was fitted to these rows";
    assert_eq!(assessment.warnings, [warning]);
}

#[test]
fn rules_refer_rows_whose_interval_is_wide_or_that_are_unlike() {
    let child = fitted(
        "uncertainty:
  difficulty: { member_range: { offset: 2 } }
  distance: features
  refer: { ambiguous: 0.9, max_width: 250, unlike: 0.02 }",
    );
    let mut session = Session::new(child.model.clone());
    let rows = table(&every_third(2)).unwrap();
    let rows = NumberRows::of_model(&rows, child.model.schema(), &columns()).unwrap();
    let mut verdicts = Vec::new();
    let record = |_: usize, prediction: &nomogram::Prediction<'_>| {
        let uncertain = prediction.uncertain().unwrap();
        let interval = uncertain.intervals().next().unwrap();
        let is_unlike = uncertain.distance_p_value().unwrap() <= 0.02;
        let is_wide = interval.high - interval.low > 250.0;
        let expected = match (is_unlike, is_wide) {
            (true, _) => Verdict::Unlike,
            (false, true) => Verdict::Ambiguous,
            (false, false) => Verdict::Predicted,
        };
        assert_eq!(uncertain.verdict(), expected);
        verdicts.push(expected);
    };
    session.predict_each(rows.values().view(), record).unwrap();
    for verdict in [Verdict::Predicted, Verdict::Ambiguous, Verdict::Unlike] {
        assert!(verdicts.contains(&verdict), "{verdict:?}");
    }
    let counts = NumberAssessment::new(&child.model, &rows).unwrap().verdicts.unwrap();
    assert_eq!(counts.predicted + counts.ambiguous + counts.unlike, rows.n_rows());
    assert_eq!(counts.unlike, verdicts.iter().filter(|own| **own == Verdict::Unlike).count());
}

#[test]
fn with_too_few_rows_an_interval_is_infinite() {
    let few = table(&every_third(1)[..12]).unwrap();
    let child = recalibrate_uncertainty(&diabetes(), &config(""), &few).unwrap();
    let mut session = Session::new(child.model);
    let prediction = session.predict_row(&[50.0; 10]).unwrap();
    let widths: Vec<f64> =
        prediction.uncertain().unwrap().intervals().map(|i| i.high - i.low).collect();
    assert!(widths[0].is_finite() && widths[1].is_infinite(), "{widths:?}");
    let distance = config("uncertainty: { distance: features }");
    let error = recalibrate_uncertainty(&diabetes(), &distance, &few).unwrap_err().to_string();
    let expected = "uncertainty: distance: 12 independent rows, expected at least 20";
    assert_eq!(error, expected);
}

#[test]
fn rows_of_a_patient_count_once() {
    let lines: Vec<&str> = DIABETES.lines().collect();
    // Each patient twice.
    let twice = lines.iter().skip(1).step_by(3).flat_map(|line| [*line, *line]);
    let text = [lines[0]].into_iter().chain(twice).collect::<Vec<_>>().join("\n");
    let table = Table::from_csv("t.csv", text.as_bytes(), &Default::default()).unwrap();
    let child = recalibrate_uncertainty(&diabetes(), &config(""), &table).unwrap();
    assert_eq!((child.n_rows, child.n_independent), (296, 148));
    let Scores::Number { ranks, .. } = &child.model.uncertainty().unwrap().scores else { panic!() };
    assert_eq!(ranks.n_rows(), 148);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let lines: Vec<&str> = DIABETES.lines().take(31).collect();
    let text = lines.join("\n");
    let (row, other) = (lines[1], lines[2]);
    let changed = |from: &str, to: &str| text.replacen(from, to, 1);
    let number = |cell: &str| {
        let (start, _) = row.rsplit_once(',').unwrap();
        changed(row, &format!("{start},{cell}"))
    };
    let refused = |uncertainty: &str, text: &str| {
        let table = Table::from_csv("t.csv", text.as_bytes(), &Default::default()).unwrap();
        let result = recalibrate_uncertainty(&diabetes(), &config(uncertainty), &table);
        result.map(drop).unwrap_err().to_string()
    };
    let cases = [
        (
            number(""),
            "t.csv: line 2: column `progression`: found a missing value, expected a finite number",
        ),
        (
            number("NaN"),
            "t.csv: line 2: column `progression`: found `NaN`, expected a finite number",
        ),
        (
            number("-inf"),
            "t.csv: line 2: column `progression`: found `-inf`, expected a finite number",
        ),
        (
            number("many"),
            "t.csv: line 2: column `progression`: found `many`, expected a finite number",
        ),
        (
            changed("0,59,2,", "0,,2,"),
            "t.csv: line 2: column `age`: found a missing value, expected a number",
        ),
        (changed("0,59,2,", "0,x,2,"), "t.csv: line 2: column `age`: found `x`, expected a number"),
        (
            changed(",bmi,", ",mass,"),
            "t.csv: column `mass` is not in the configuration; name it under `ignored`",
        ),
        (
            changed("progression", "change"),
            "t.csv: column `change` is not in the configuration; name it under `ignored`",
        ),
        (
            changed(&format!("\n{other}"), "\n,48,1,21.6,87,183,103.2,70,3,3.8918,69,75"),
            "t.csv: line 3: column `patient`: found a missing value, expected the name of a patient",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused("", &text), expected);
    }
    let cases = [
        (
            "uncertainty: { distance: scaled }",
            "uncertainty: distance: no input `scaled` in the bundle, expected one of `features`, or null",
        ),
        (
            "uncertainty: { refer: { ambiguous: 0.9 } }",
            "configuration: uncertainty: refer: ambiguous: no `max_width`, expected the widest interval",
        ),
    ];
    for (uncertainty, expected) in cases {
        assert_eq!(refused(uncertainty, &text), expected);
    }
    let weighted = "version: '2'\nseed: 1\ndata: { target: y, weight: w }";
    let error = UncertaintyConfig::from_yaml(weighted).unwrap_err().to_string();
    assert!(error.contains("weight"), "{error}");
    assert!(UncertaintyConfig::is_in(weighted));
}

const WDBC: &str = include_str!("../../../../examples/data/wdbc.csv");

/// A model of classes that was trained on every second row, with these further settings, and the others.
fn of_classes(more: &str) -> (TrainingConfig, Vec<u8>, Dataset, Table) {
    let names = WDBC.lines().next().unwrap().split(',');
    let features = names.filter(|name| !["row_id", "diagnosis"].contains(name));
    let features: Vec<String> = features.map(|name| format!("{{ name: {name} }}")).collect();
    let config = TrainingConfig::from_yaml(&format!(
        "
model: {{ name: m, version: '1' }}
data:
  row_id: row_id
  target: {{ column: diagnosis, negative: B, positive: M }}
  features: [{}]
seed: 3
validation: {{ n_folds: 5, min_auc: 0.6 }}
members:
  - {{ name: linear, input: scaled, weight: 1.0, learner: {{ logistic_regression: {{ c: 0.5, class_weight: equal }} }} }}
combiner: soft_vote
{more}
",
        features.join(", ")
    ))
    .unwrap();
    let (header, lines) = WDBC.split_once('\n').unwrap();
    let half = |first: usize| {
        let half: Vec<&str> = lines.lines().skip(first).step_by(2).collect();
        Table::from_csv(
            "t.csv",
            format!("{header}\n{}", half.join("\n")).as_bytes(),
            &Default::default(),
        )
        .unwrap()
    };
    let training = Dataset::from_table(&half(0), &config.data).unwrap();
    let trained = train(&config, &training, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    (config, trained.bundle, training, half(1))
}

const OF_CLASSES: &str = "version: '2'\nseed: 1\ndata: { target: diagnosis, row_id: row_id }";

#[test]
fn a_model_of_classes_gets_p_values_sets_and_intervals() {
    let (_, bundle, _, unseen) = of_classes("");
    let config = UncertaintyConfig::from_yaml(&format!(
        "{OF_CLASSES}\nuncertainty: {{ distance: scaled, refer: {{ ambiguous: 0.95, unlike: 0.01 }} }}"
    ))
    .unwrap();
    let child = recalibrate_uncertainty(&bundle, &config, &unseen).unwrap();
    let (parent_model, child_parts) =
        (Model::open(&bundle).unwrap(), unseal(&child.bundle).unwrap().0);
    assert!(parent_model.uncertainty().is_none());
    let parts = unseal(&bundle).unwrap().0;
    assert_eq!((child_parts.members, child_parts.calibrator), (parts.members, parts.calibrator));

    let rows = Dataset::of_model(&unseen, child.model.schema(), &config.data).unwrap();
    let fitted = child.model.uncertainty().unwrap();
    let Scores::Classes { ranks } = &fitted.scores else { panic!("{:?}", fitted.scores) };
    let n_of_class = [0, 1].map(|class| rows.classes().iter().filter(|own| **own == class).count());
    assert_eq!([0, 1].map(|class| ranks[class].n_rows() as usize), n_of_class);
    assert!(fitted.venn_abers.is_some() && fitted.distance.is_some());
    // The p-value of the truth by definition.
    let mut session = Session::new(child.model.clone());
    let mut scores: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let rounded = |p: f64| ((1.0 - p) * 512.0).ceil() / 512.0;
    session
        .predict_each(rows.values().view(), |row, prediction| {
            let class = rows.classes()[row];
            scores[class].push(rounded(prediction.probabilities()[class]));
        })
        .unwrap();
    session
        .predict_each(rows.values().view(), |_, prediction| {
            let p_values = prediction.uncertain().unwrap().p_values();
            for (class, p_value) in p_values.enumerate() {
                let score = 1.0 - prediction.probabilities()[class];
                let n_at_least = scores[class].iter().filter(|own| **own >= score).count();
                let expected = (n_at_least as f64 + 1.0) / (n_of_class[class] as f64 + 1.0);
                assert_eq!(p_value, expected);
            }
        })
        .unwrap();
}

#[test]
fn rows_that_a_model_of_classes_learned_from_are_refused() {
    let (config, bundle, training, _) = of_classes("");
    let (header, lines) = WDBC.split_once('\n').unwrap();
    let half: Vec<&str> = lines.lines().step_by(2).collect();
    let text = format!("{header}\n{}", half.join("\n"));
    let table = Table::from_csv("t.csv", text.as_bytes(), &Default::default()).unwrap();
    assert_eq!(Dataset::from_table(&table, &config.data).unwrap().digest(), training.digest());
    let config = UncertaintyConfig::from_yaml(OF_CLASSES).unwrap();
    let error = recalibrate_uncertainty(&bundle, &config, &table).unwrap_err();
    assert!(matches!(&error, Error::Data(detail) if detail.contains("training rows")), "{error}");
    let of_number =
        format!("{OF_CLASSES}\nuncertainty: {{ difficulty: {{ member_range: {{ offset: 1 }} }} }}");
    let config = UncertaintyConfig::from_yaml(&of_number).unwrap();
    let error = recalibrate_uncertainty(&bundle, &config, &table).unwrap_err().to_string();
    let expected = "configuration: uncertainty: difficulty: of a number, but the model has classes";
    assert_eq!(error, expected);
}

#[test]
fn recalibration_fits_uncertainty_that_the_parent_does_not_have() {
    let (mut config, bundle, _, unseen) = of_classes("calibration: platt");
    config.uncertainty = Some(nomogram_train::UncertaintySpec::default());
    let rows = Dataset::from_table(&unseen, &config.data).unwrap();
    let child = recalibrate(&bundle, &config, &rows).unwrap();
    let fitted = child.model.uncertainty().unwrap();
    assert_eq!(fitted.distance.as_ref().unwrap().ranks.n_rows() as usize, rows.n_rows());
    assert_eq!(fitted.levels, [0.9, 0.95]);
}
