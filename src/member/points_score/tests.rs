use super::*;
use alloc::string::ToString;
use alloc::vec;

fn item(input: u32, points: Points) -> PointsItem {
    PointsItem { input, points, if_missing: None }
}

fn yes_no(input: u32, points: i32) -> PointsItem {
    item(input, Points::Levels { points: vec![0, points] })
}

fn bins(input: u32, thresholds: Vec<f64>, tie: Tie, points: Vec<i32>) -> PointsItem {
    item(input, Points::Bins { thresholds, tie, points })
}

/// CHA₂DS₂-VASc with its rates of thromboembolism in one year: Lip et al., Chest 137 (2010),
/// 263–272. Inputs: heart failure, hypertension, age, diabetes, stroke, vascular disease, female.
fn cha2ds2_vasc() -> PointsScore {
    let items = vec![
        yes_no(0, 1),
        yes_no(1, 1),
        bins(2, vec![65.0, 75.0], Tie::Above, vec![0, 1, 2]),
        yes_no(3, 1),
        yes_no(4, 2),
        yes_no(5, 1),
        yes_no(6, 1),
    ];
    let rates = [0.0, 0.013, 0.022, 0.032, 0.04, 0.067, 0.098, 0.096, 0.067, 0.152];
    let probabilities = (0..).zip(rates).collect();
    PointsScore::new(7, items, PointsTotal::Table { probabilities }).unwrap()
}

fn history(age: Domain) -> [Domain; 7] {
    let mut inputs = [Domain::whole(0.0, 1.0); 7];
    inputs[2] = age;
    inputs
}

#[test]
fn cha2ds2_vasc_gives_its_published_points_and_rates() {
    let score = cha2ds2_vasc();
    let domains = score.check(&history(Domain::new(18.0, 120.0))).unwrap();
    assert_eq!((domains[0].low, domains[0].high), (1.0 - 0.152, 1.0));
    assert_eq!((domains[1].low, domains[1].high), (0.0, 0.152));
    let cases = [
        ([0.0, 0.0, 64.9, 0.0, 0.0, 0.0, 0.0], 0.0, 0.0),
        ([0.0, 0.0, 65.0, 0.0, 0.0, 0.0, 0.0], 1.0, 0.013),
        ([0.0, 1.0, 74.0, 0.0, 0.0, 0.0, 1.0], 3.0, 0.032),
        ([0.0, 1.0, 75.0, 1.0, 0.0, 0.0, 1.0], 5.0, 0.067),
        ([1.0, 1.0, 80.0, 1.0, 1.0, 1.0, 1.0], 9.0, 0.152),
    ];
    for (row, points, probability) in cases {
        let mut out = [0.0; 2];
        score.margins(&row, &mut out);
        assert_eq!(score.points(&row), points, "{row:?}");
        assert_eq!(out, [1.0 - probability, probability], "{row:?}");
    }
}

/// Wells's score for pulmonary embolism, in half points: Wells et al., Thromb Haemost 83 (2000),
/// 416–420. Inputs: signs of thrombosis, alternative less likely, heart rate, immobile or operated,
/// earlier embolism, haemoptysis, malignancy.
fn wells(total: PointsTotal) -> PointsScore {
    let items = vec![
        yes_no(0, 6),
        yes_no(1, 6),
        bins(2, vec![100.0], Tie::Below, vec![0, 3]),
        yes_no(3, 3),
        yes_no(4, 3),
        yes_no(5, 2),
        yes_no(6, 2),
    ];
    PointsScore::new(7, items, total).unwrap()
}

#[test]
fn half_points_come_out_of_a_slope_of_one_half() {
    let score = wells(PointsTotal::Value { intercept: 0.0, slope: 0.5 });
    let domains = score.check(&history(Domain::new(0.0, 300.0))).unwrap();
    assert_eq!((domains[0].low, domains[0].high), (0.0, 12.5));
    for (heart_rate, expected) in [(100.0, 4.0), (100.5, 5.5)] {
        let mut out = [0.0];
        score.margins(&[1.0, 0.0, heart_rate, 0.0, 0.0, 0.0, 1.0], &mut out);
        assert_eq!(out, [expected]);
    }
}

#[test]
fn points_are_log_odds_on_a_slope() {
    let score = wells(PointsTotal::Logit { intercept: -3.5, slope: 0.3 });
    assert_eq!(score.link(), Link::Logit);
    let mut out = [0.0];
    score.margins(&[0.0, 1.0, 120.0, 0.0, 0.0, 1.0, 0.0], &mut out);
    assert_eq!(out, [-3.5 + 0.3 * 11.0]);
}

#[test]
fn what_is_missing_has_points_of_its_own_or_is_refused() {
    let missing = Domain { may_be_missing: true, ..Domain::new(18.0, 120.0) };
    let refused = cha2ds2_vasc().check(&history(missing)).unwrap_err().to_string();
    assert_eq!(refused, "item 3: may be missing here; impute it first");

    let mut score = cha2ds2_vasc();
    score.items[2].if_missing = Some(0);
    assert!(score.check(&history(missing)).is_ok());
    assert_eq!(score.points(&[0.0, 1.0, f64::NAN, 0.0, 0.0, 0.0, 0.0]), 1.0);
    score.items[2].if_missing = Some(3);
    let refused = score.check(&history(missing)).unwrap_err().to_string();
    assert_eq!(refused, "more than 10 totals are possible, but not in the table");
}

#[test]
fn a_possible_total_that_is_not_listed_is_refused() {
    let table = |totals: &[i32]| PointsTotal::Table {
        probabilities: totals.iter().map(|total| (*total, 0.5)).collect(),
    };
    let score = |totals: &[i32]| {
        let items = vec![yes_no(0, 2), bins(1, vec![], Tie::Above, vec![-1]), yes_no(0, 2)];
        PointsScore::new(2, items, table(totals)).unwrap()
    };
    let inputs = [Domain::whole(0.0, 1.0), Domain::new(-5.0, 5.0)];
    // Totals that cannot come up may be left out: these items give −1, 1 and 3.
    assert!(score(&[-1, 1, 3]).check(&inputs).is_ok());
    let refused = |totals: &[i32]| score(totals).check(&inputs).unwrap_err().to_string();
    assert_eq!(refused(&[-1, 0, 1]), "a total of 3 is possible, but not in the table");
    assert_eq!(refused(&[1, 2]), "more than 2 totals are possible, but not in the table");
    // Values that the input cannot have give no points.
    let never = [Domain::whole(0.0, 0.0), Domain::new(-5.0, 5.0)];
    assert!(score(&[-1]).check(&never).is_ok());
}

#[test]
fn items_that_do_not_fit_are_refused() {
    let points = PointsTotal::Value { intercept: 0.0, slope: 1.0 };
    let cases = [
        (vec![], "no items, expected at least 1"),
        (vec![yes_no(2, 1)], "item 1: reads input 3, expected 1 to 2"),
        (vec![yes_no(0, -1_000_001)], "item 1: -1000001 points, expected -1000000 to 1000000"),
        (
            vec![yes_no(0, 1), bins(0, vec![1.0, 1.0], Tie::Above, vec![0, 1, 2])],
            "item 2: its thresholds, expected them to ascend",
        ),
        (
            vec![bins(0, vec![1.0], Tie::Above, vec![0])],
            "item 1: 1 thresholds and 1 points, expected one more point than thresholds",
        ),
        (
            vec![bins(0, vec![f64::NAN], Tie::Above, vec![0, 1])],
            "item 1: threshold 1 is not a finite number",
        ),
        (vec![yes_no(0, i32::MIN)], "item 1: -2147483648 points, expected -1000000 to 1000000"),
    ];
    for (items, message) in cases {
        let refused = PointsScore::new(2, items, points.clone()).unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    let score = PointsScore::new(1, vec![yes_no(0, 1)], points).unwrap();
    let refused = |input: Domain| score.check(&[input]).unwrap_err().to_string();
    assert_eq!(refused(Domain::new(0.0, 1.0)), "item 1: input 1 is not a level, expected one");
    assert_eq!(
        refused(Domain::whole(0.0, 2.0)),
        "item 1: may get level 3, but has points for 2 levels"
    );
}

#[test]
fn totals_that_do_not_fit_are_refused() {
    let refused = |total| PointsScore::new(1, vec![yes_no(0, 1)], total).unwrap_err().to_string();
    let table = |probabilities| PointsTotal::Table { probabilities };
    assert_eq!(refused(table(vec![])), "a table of 0 totals, expected 1 to 1000");
    assert_eq!(
        refused(table(vec![(0, 0.1); 2])),
        "the totals of its table, expected them to ascend"
    );
    assert_eq!(
        refused(table(vec![(0, 0.1), (1, 1.1)])),
        "total 1: probability 1.1, expected 0 to 1"
    );
    let logit = PointsTotal::Logit { intercept: 0.0, slope: f64::INFINITY };
    assert_eq!(refused(logit), "slope is not a finite number");
}
