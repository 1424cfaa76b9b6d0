//! Calibrators against scikit-learn, betacal and SciPy: `reference/make_calibration.py`.

use ndarray::Array2;
use nomogram::{CalibrationMap, Calibrator};
use nomogram_train::ensemble::{CalibrationRows, CalibratorSpec};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(is_close, "{what}: {found}, expected {expected}");
    }
}

#[test]
fn calibrators_are_those_of_the_reference_implementations() {
    let fixture: Value =
        serde_json::from_str(include_str!("../reference/calibration.json")).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let positive = numbers(&case["probabilities"]);
        let classes = case["classes"].as_array().unwrap().iter();
        let classes: Vec<usize> = classes.map(|y| usize::from(y.as_u64() == Some(1))).collect();
        let rows = Array2::from_shape_fn((positive.len(), 2), |(row, class)| {
            let p = positive.get(row).copied().unwrap();
            if class == 1 { p } else { 1.0 - p }
        });
        let fit = |kind: CalibratorSpec| {
            kind.fit(CalibrationRows::new(rows.view(), &classes), 0).unwrap().unwrap()
        };

        let Calibrator::Temperature { temperature } = fit(CalibratorSpec::Temperature) else {
            panic!("{name}")
        };
        let expected = case["temperature"].as_f64().unwrap();
        assert_close(&[temperature], &[expected], 1e-6, &format!("{name}: temperature"));

        let binary = |kind| match fit(kind) {
            Calibrator::Binary(map) => map,
            other => panic!("{name}: {other:?}"),
        };
        let CalibrationMap::Platt { slope, intercept } = binary(CalibratorSpec::Platt) else {
            panic!("{name}")
        };
        let what = format!("{name}: Platt");
        assert_close(&[slope, intercept], &numbers(&case["platt"]), 1e-6, &what);

        let CalibrationMap::Beta { a, b, c } = binary(CalibratorSpec::Beta) else {
            panic!("{name}")
        };
        assert_close(&[a, b, c], &numbers(&case["beta"]), 1e-6, &format!("{name}: beta"));
        // betacal stops scikit-learn's solver at its default tolerance.
        let what = format!("{name}: betacal");
        assert_close(&[a, b], &numbers(&case["beta_of_betacal"]), 3e-3, &what);

        let CalibrationMap::Isotonic { probabilities, calibrated } =
            binary(CalibratorSpec::Isotonic)
        else {
            panic!("{name}")
        };
        let [x, y] = [0, 1].map(|nth| numbers(&case["isotonic"][nth]));
        assert_close(&probabilities, &x, 1e-12, &format!("{name}: isotonic"));
        assert_close(&calibrated, &y, 1e-12, &format!("{name}: isotonic"));
    }
}
