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

fn choose(trials: &Trials, model: &str, subject: u32) -> Option<String> {
    let trial = trials.of_model(model)?;
    trial.choose(&subject.to_string()).map(str::to_owned)
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
    let drawn: Vec<_> = (0..10_000).map(|n| choose(&trials, "sepsis", n).unwrap()).collect();
    let n_second = drawn.iter().filter(|version| *version == "2").count();
    // Six standard deviations around 1,000.
    assert!((820..1180).contains(&n_second), "{n_second}");
    for (n, version) in (0..).zip(drawn) {
        assert_eq!(choose(&trials, "sepsis", n), Some(version));
    }
    assert_eq!(choose(&trials, "stroke", 1), None);
}

#[test]
fn an_arm_that_was_stopped_gets_no_subjects_and_the_first_never_stops() {
    let trials = trials();
    assert_eq!(trials.stop(&[state("2"), state("1")]), [("sepsis".into(), "2".into())]);
    assert_eq!(trials.stop(&[state("2")]), []);
    assert!((0..1000).all(|n| choose(&trials, "sepsis", n).as_deref() == Some("1")));
    let arms = &trials.report().models["sepsis"];
    assert_eq!(arms.iter().map(|arm| arm.is_stopped).collect::<Vec<_>>(), [false, true]);
    let mut text = String::new();
    trials.write_metrics(&mut text);
    let of_arm = |name: &str, version: u8, value: u32| {
        format!("{name}{{model=\"sepsis\",version=\"{version}\"}} {value}\n")
    };
    for line in [
        of_arm("nomogram_arm_requests_total", 1, 1000),
        of_arm("nomogram_arm_requests_total", 2, 0),
        of_arm("nomogram_arm_stopped", 1, 0),
        of_arm("nomogram_arm_stopped", 2, 1),
    ] {
        assert!(text.contains(&line), "{line}{text}");
    }
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

#[test]
fn other_weights_are_in_force_at_once_and_arms_keep_their_state() {
    let trials = trials();
    let n_second = |trials: &Trials| {
        (0..1000).filter(|n| choose(trials, "sepsis", *n).as_deref() == Some("2")).count()
    };
    let before = n_second(&trials);
    let mut changed = settings();
    changed.arms[1].weight = 90;
    let changed = BTreeMap::from([("sepsis".to_owned(), changed)]);
    trials.replace(changed.clone()).unwrap();
    let after = n_second(&trials);
    assert!(before < 200 && (400..600).contains(&after), "{before}, {after}");
    let n_requests = |trials: &Trials| trials.report().models["sepsis"][1].n_requests;
    assert_eq!(n_requests(&trials), (before + after) as u64);
    trials.stop(&[state("2")]);
    trials.replace(changed).unwrap();
    assert_eq!(n_second(&trials), 0, "an arm that was stopped stays stopped");

    let mut bad = settings();
    bad.salt.clear();
    assert!(trials.replace(BTreeMap::from([("sepsis".to_owned(), bad)])).is_err());
    assert_eq!(n_requests(&trials), (before + after) as u64);
    trials.replace(BTreeMap::new()).unwrap();
    assert_eq!(choose(&trials, "sepsis", 1), None);
}
