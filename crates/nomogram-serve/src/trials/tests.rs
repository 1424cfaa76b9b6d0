use super::*;

fn settings() -> TrialSettings {
    let arm = |version: &str, weight| ArmSettings { version: version.into(), weight };
    TrialSettings {
        arms: vec![arm("1", 90), arm("2", 10)],
        shadows: vec!["3".into()],
        salt: "spring".into(),
        n_outcomes: 4,
    }
}

fn trials() -> Trials {
    Trials::new(BTreeMap::from([("sepsis".to_owned(), settings())])).unwrap()
}

fn state(version: &str) -> State {
    State {
        model: "sepsis".into(),
        version: version.into(),
        digest: String::new(),
        period: String::new(),
        n_uncomputed: 0,
        n_periods: 1,
        horizon: 10,
        n_rows: 0,
        n_refused: 0,
        n_outcomes: 0,
        drift: None,
        shares: Vec::new(),
        outcomes: Some(25.0),
        drift_alarm: false,
        outcome_alarm: true,
    }
}

#[test]
fn subjects_are_drawn_by_weight_and_stay_in_their_arm() {
    let trials = trials();
    let drawn: Vec<_> =
        (0..10_000).map(|n| trials.choose("sepsis", &n.to_string()).unwrap()).collect();
    let n_second = drawn.iter().filter(|version| **version == "2").count();
    // Six standard deviations around 1,000.
    assert!((820..1180).contains(&n_second), "{n_second}");
    for (n, version) in drawn.iter().enumerate() {
        assert_eq!(trials.choose("sepsis", &n.to_string()), Some(*version));
    }
    assert_eq!(trials.choose("stroke", "1"), None);
}

#[test]
fn an_arm_that_was_stopped_gets_no_subjects_and_the_first_never_stops() {
    let trials = trials();
    assert_eq!(trials.stop(&[state("2"), state("1")]), [("sepsis".into(), "2".into())]);
    assert_eq!(trials.stop(&[state("2")]), []);
    assert!((0..1000).all(|n| trials.choose("sepsis", &n.to_string()) == Some("1")));
    let arms = &trials.report().models["sepsis"];
    assert_eq!(arms.iter().map(|arm| arm.is_stopped).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn p_values_appear_with_the_planned_number_of_outcomes() {
    let trials = trials();
    let predicted = |probability, shadow| Predicted {
        digest: "a".into(),
        probability,
        shadows: vec![("b".into(), shadow)],
    };
    trials.add_pair("sepsis", ("a", "b"), (0.9, 0.6), true);
    trials.add_pair("sepsis", ("a", "b"), (0.4, 0.6), false);
    let rows = [(0.9, 0.6, true), (0.4, 0.7, false), (0.2, 0.1, false)];
    for (first, second, came_true) in rows {
        trials.add_outcome(&predicted(first, second), came_true);
    }
    let comparison = trials.report().comparisons.remove(0);
    assert_eq!((comparison.n_rows, comparison.n_agree), (2, 1));
    assert!((comparison.mean_difference.unwrap() - 0.25).abs() < 1e-12);
    assert_eq!((comparison.n_outcomes, comparison.tests), (3, None));
    trials.add_outcome(&predicted(0.8, 0.9), true);
    let tests = trials.report().comparisons.remove(0).tests.unwrap();
    assert_eq!(tests.delong.unwrap().first, 1.0);
    assert_eq!((tests.mcnemar.n_only_first, tests.mcnemar.n_only_second), (1, 0));
}

#[test]
fn settings_that_choose_nothing_are_refused() {
    type Change = fn(&mut TrialSettings);
    let cases: [(Change, &str); 3] = [
        (|settings| settings.arms.clear(), "no weight above 0"),
        (|settings| settings.shadows = vec!["2".into()], "in two arms or shadows"),
        (|settings| settings.salt.clear(), "salt"),
    ];
    for (change, message) in cases {
        let mut settings = settings();
        change(&mut settings);
        assert!(settings.check().unwrap_err().contains(message), "{message}");
    }
}
