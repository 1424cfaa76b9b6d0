//! Every picture is drawn, holds what it was given, and is the same twice.

#![allow(clippy::unwrap_used, reason = "tests")]

use nomogram_report::Error;
use nomogram_report::charts::{
    Axis, Bar, CalibrationGroup, Curve, NomogramChart, agreement, calibration, decision,
    histograms, importance, learning, nomogram, periods, precision_recall, roc,
};

type Picture = (&'static str, fn() -> Result<String, Error>, &'static [&'static str]);

const PICTURES: [Picture; 10] = [
    ("roc", draw_roc, &["sensitivity", "ensemble", "network"]),
    ("precision_recall", draw_precision_recall, &["precision (PPV)", "ensemble"]),
    ("calibration", draw_calibration, &["observed share", "smoothed", "groups, 95 % interval"]),
    ("decision", draw_decision, &["net benefit", "treat all"]),
    ("learning", draw_learning, &["training rows", "log loss"]),
    ("periods", draw_periods, &["wager", "drift"]),
    ("histograms", draw_histograms, &["benign", "malignant &lt;!&gt;"]),
    ("importance", draw_importance, &["radius_worst", "texture_mean"]),
    ("agreement", draw_agreement, &["logistic", "0.912"]),
    ("nomogram", draw_nomogram, &["age (a)", "total points", "probability", "0.9"]),
];

/// From (0, 0) to (1, 1), above the diagonal for a bend below 1.
fn curve(bend: f64) -> Vec<(f64, f64)> {
    (0..=50).map(|i| f64::from(i) / 50.0).map(|x| (x, x / (x + bend * (1.0 - x)))).collect()
}

fn draw_roc() -> Result<String, Error> {
    let (a, b) = (curve(0.1), curve(0.3));
    roc(&[Curve { name: "ensemble", points: &a }, Curve { name: "network", points: &b }])
}

fn draw_precision_recall() -> Result<String, Error> {
    let points: Vec<(f64, f64)> = curve(6.0).into_iter().map(|(x, y)| (x, 1.0 - 0.6 * y)).collect();
    precision_recall(&[Curve { name: "ensemble", points: &points }], 0.37)
}

fn draw_calibration() -> Result<String, Error> {
    let group = |share: f64| CalibrationGroup {
        predicted: share,
        observed: share * share,
        interval: [share * share - 0.05, share * share + 0.08],
    };
    calibration(&[0.05, 0.3, 0.6, 0.95].map(group), &curve(1.8))
}

fn draw_decision() -> Result<String, Error> {
    let all: Vec<(f64, f64)> =
        curve(1.0).into_iter().map(|(t, _)| (t, 0.37 - 0.63 * t / (1.0 - t))).collect();
    let model: Vec<(f64, f64)> = curve(1.0).into_iter().map(|(t, _)| (t, 0.36 - 0.1 * t)).collect();
    let none = [(0.0, 0.0), (1.0, 0.0)];
    let curves = [("ensemble", &model[..]), ("treat all", &all), ("treat none", &none)];
    decision(&curves.map(|(name, points)| Curve { name, points }))
}

fn draw_periods() -> Result<String, Error> {
    let points = [(1.0, 0.0), (2.0, 0.1), (3.0, 1.5)];
    periods(&[Curve { name: "drift", points: &points }], "wager", 1.3)
}

fn draw_learning() -> Result<String, Error> {
    let points = [(50.0, 0.3), (100.0, 0.2), (400.0, f64::NAN), (426.0, 0.07)];
    learning(&[Curve { name: "held out", points: &points }], "log loss")
}

fn draw_histograms() -> Result<String, Error> {
    let edges: Vec<f64> = (0..=10).map(|i| f64::from(i) / 10.0).collect();
    let benign = [80, 20, 5, 3, 0, 1, 0, 0, 0, 1].map(f64::from);
    let malignant = [1, 0, 0, 2, 1, 3, 2, 6, 9, 44].map(f64::from);
    histograms(&edges, &[("benign", &benign), ("malignant <!>", &malignant)])
}

fn draw_importance() -> Result<String, Error> {
    let bars = [("radius_worst", 0.031), ("texture_mean", 0.012), ("symmetry_se", -0.001)];
    let bars =
        bars.map(|(name, value)| Bar { name, value, interval: [value - 0.004, value + 0.004] });
    importance(&bars, "loss of AUC when shuffled")
}

fn draw_agreement() -> Result<String, Error> {
    let shares = [vec![1.0, 0.912, 0.95], vec![0.912, 1.0, 0.9], vec![0.95, 0.9, 1.0]];
    agreement(&["logistic", "trees", "network"], &shares)
}

fn draw_nomogram() -> Result<String, Error> {
    let axis = |name: &str, ticks: &[(&str, f64)]| Axis {
        name: name.into(),
        ticks: ticks.iter().map(|(label, points)| ((*label).into(), *points)).collect(),
    };
    nomogram(&NomogramChart {
        features: vec![
            axis("age (a)", &[("20", 0.0), ("40", 20.0), ("60", 40.0), ("80", 60.0)]),
            axis("radius (mm)", &[("5", 0.0), ("10", 50.0), ("15", 100.0)]),
        ],
        most_points: 160.0,
        probabilities: axis("probability", &[("0.1", 40.0), ("0.5", 80.0), ("0.9", 120.0)]),
    })
}

#[test]
fn every_picture_holds_what_it_was_given_and_is_the_same_twice() {
    let folder = std::env::var_os("NOMOGRAM_PICTURES").map(std::path::PathBuf::from);
    for (name, picture, texts) in PICTURES {
        let svg = picture().unwrap();
        assert_eq!(picture().unwrap(), svg, "{name}");
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}: {svg}");
        for text in texts {
            assert!(svg.contains(text), "{name}: no `{text}` in {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
        if let Some(folder) = &folder {
            std::fs::write(folder.join(name).with_extension("svg"), svg).unwrap();
        }
    }
}

#[test]
fn nothing_to_draw_is_no_failure() {
    roc(&[]).unwrap();
    calibration(&[], &[]).unwrap();
    decision(&[]).unwrap();
    learning(&[], "loss").unwrap();
    histograms(&[], &[]).unwrap();
    importance(&[], "score").unwrap();
    agreement(&[], &[]).unwrap();
}

/// The numbers of an attribute such as `x="433"`, or of a list of points.
fn numbers(text: &str, attribute: &str) -> Vec<f64> {
    let value = text.split_once(attribute).unwrap().1.split('"').next().unwrap();
    value
        .split([',', ' '])
        .filter(|number| !number.is_empty())
        .map(|n| n.parse().unwrap())
        .collect()
}

#[test]
fn curves_do_not_run_under_the_legend() {
    let pictures: [fn() -> Result<String, Error>; 3] = [draw_decision, draw_learning, draw_periods];
    for picture in pictures {
        let svg = picture().unwrap();
        // The legend is drawn last: its background, then the names.
        let (below, legend) = svg.rsplit_once("<rect ").unwrap();
        let bottom = numbers(legend, "y=\"")[0] + numbers(legend, "height=\"")[0];
        let axis = "#222222";
        let curves = below.split("<polyline ").skip(1).filter(|line| !line.contains(axis));
        let highest = curves
            .flat_map(|line| numbers(line, "points=\"").into_iter().skip(1).step_by(2))
            .fold(f64::INFINITY, f64::min);
        assert!(highest.is_finite() && highest > bottom, "{highest} is above {bottom}: {svg}");
    }
}
