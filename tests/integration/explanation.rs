//! Explanations: exact ones are Shapley values by their definition, all are additive.

use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{Array2, Axis};
use nomogram::{
    ErrorKind, Explained, Explainer, Explanation, Flavour, ForestShares, Intake, Member, Method,
    Model, Node, Parts, Precision, Request, Scale, Session, Value, seal, unseal,
};
use nomogram_testkit::{corpus, explained, explained_bundle, golden_rows};

const PAIRS: Method = Method::Permutations { n_pairs: 4 };

fn open(bundle: &[u8]) -> Arc<Model> {
    Arc::new(Model::open(bundle).unwrap())
}

fn explainer(model: &Arc<Model>, explained: Explained, method: Method) -> Explainer {
    Explainer::new(Arc::clone(model), Request { explained, method }).unwrap()
}

/// The explained numbers of a row, from its prediction.
fn numbers(session: &mut Session, row: &[f64], explained: Explained) -> Vec<f64> {
    let member = |index: usize| {
        let mut lengths = session.model().member_margins();
        let first: usize = lengths.by_ref().take(index).sum();
        first..first + lengths.next().unwrap()
    };
    let range = match explained {
        Explained::Member(index) => member(index),
        _ => 0..0,
    };
    let prediction = session.predict_row(row).unwrap();
    let outputs = prediction.outputs();
    match explained {
        Explained::Outputs => outputs.to_vec(),
        Explained::Margin => {
            vec![nomogram::numeric::ln(outputs[1]) - nomogram::numeric::ln(outputs[0])]
        }
        Explained::Member(_) => prediction.margins()[range].to_vec(),
    }
}

/// Shapley values by their definition, shape `(n_explained, n_players)`; `players` has the player of
/// each feature.
fn enumerated(
    model: &Arc<Model>,
    row: &[f64],
    explained: Explained,
    players: &[usize],
) -> Vec<Vec<f64>> {
    let mut session = Session::new(Arc::clone(model));
    let explanation = model.explanation().unwrap();
    let n_players = players.iter().max().unwrap() + 1;
    let mut mean = |mask: usize| {
        let mut mean: Vec<f64> = Vec::new();
        let rows = explanation.background.chunks_exact(row.len());
        for (background, weight) in rows.zip(&explanation.weights) {
            let hybrid: Vec<f64> = (0..row.len())
                .map(|at| if mask >> players[at] & 1 == 1 { row[at] } else { background[at] })
                .collect();
            let numbers = numbers(&mut session, &hybrid, explained);
            mean.resize(numbers.len(), 0.0);
            mean.iter_mut().zip(numbers).for_each(|(mean, number)| *mean += weight * number);
        }
        mean
    };
    let means: Vec<Vec<f64>> = (0..1 << n_players).map(&mut mean).collect();
    let factorial =
        |n: usize| (1..=n).map(|k| f64::from(u32::try_from(k).unwrap())).product::<f64>();
    let mut values = vec![vec![0.0; n_players]; means[0].len()];
    for (nth, values) in values.iter_mut().enumerate() {
        for (player, value) in values.iter_mut().enumerate() {
            for mask in (0..means.len()).filter(|mask| mask >> player & 1 == 0) {
                let size = mask.count_ones() as usize;
                let orders = factorial(size) * factorial(n_players - size - 1);
                let gain = means[mask | 1 << player][nth] - means[mask][nth];
                *value += orders / factorial(n_players) * gain;
            }
        }
    }
    values
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{what}: {found}, expected {expected}");
    }
}

#[test]
fn exact_values_are_those_of_every_coalition() {
    let model = open(&explained_bundle());
    let requests = [
        (Explained::Outputs, Method::Groups, vec![0, 1, 0]),
        (Explained::Margin, Method::Groups, vec![0, 1, 0]),
        (Explained::Member(2), Method::Groups, vec![0, 1, 0]),
        (Explained::Member(0), Method::Interventional, vec![0, 1, 2]),
        (Explained::Member(1), Method::Interventional, vec![0, 1, 2]),
    ];
    for (explained, method, players) in requests {
        let mut explainer = explainer(&model, explained, method);
        assert_eq!(explainer.flavour(), Flavour::Exact);
        for row in golden_rows().rows() {
            let row = row.to_vec();
            let expected = enumerated(&model, &row, explained, &players);
            let found = explainer.explain_row(&row).unwrap();
            assert!(found.std_errors().is_none());
            assert_eq!(found.base().len(), expected.len());
            for (nth, expected) in expected.iter().enumerate() {
                assert_close(found.values_of(nth), expected, &format!("{explained:?} {method:?}"));
            }
        }
    }
}

#[test]
fn sampled_values_lie_within_their_standard_errors() {
    let model = open(&explained_bundle());
    let method = Method::Permutations { n_pairs: 200 };
    for explained in [Explained::Outputs, Explained::Margin, Explained::Member(2)] {
        let mut explainer = explainer(&model, explained, method);
        assert_eq!(explainer.flavour(), Flavour::Sampled);
        for row in golden_rows().rows().into_iter().take(8) {
            let row = row.to_vec();
            let expected = enumerated(&model, &row, explained, &[0, 1, 2]);
            let found = explainer.explain_row(&row).unwrap();
            let errors = found.std_errors().unwrap();
            let values = found.values().iter().zip(errors).zip(expected.iter().flatten());
            for ((value, error), expected) in values {
                assert!(
                    (value - expected).abs() < 5.0 * error + 1e-12,
                    "{value} {error} {expected}"
                );
                assert!(*error < 0.05, "{error}");
            }
        }
    }
}

#[test]
fn an_explanation_has_the_same_bits_whatever_was_explained_before() {
    let model = open(&explained_bundle());
    let rows = golden_rows();
    let bits = |explainer: &mut Explainer, row: usize| {
        let row = rows.row(row).to_vec();
        let found = explainer.explain_row(&row).unwrap();
        let numbers = found.values().iter().chain(found.explained()).chain(found.base());
        numbers.map(|number| number.to_bits()).collect::<Vec<_>>()
    };
    for (explained, method) in [
        (Explained::Outputs, Method::Groups),
        (Explained::Outputs, PAIRS),
        (Explained::Member(1), Method::Interventional),
        (Explained::Member(1), Method::PathDependent),
    ] {
        let mut first = explainer(&model, explained, method);
        let mut second = explainer(&model, explained, method);
        let expected = bits(&mut first, 3);
        for row in 0..3 {
            bits(&mut second, row);
        }
        assert!(second.explain_row(&[f64::INFINITY; 3]).is_err());
        assert_eq!(bits(&mut second, 3), expected, "{method:?}");
    }
}

#[test]
fn a_request_that_does_not_fit_is_refused_with_what_is_missing() {
    let bare = open(&nomogram_testkit::bundle_of_three_members());
    let model = open(&explained_bundle());
    let refused = |model: &Arc<Model>, explained, method| {
        let error = Explainer::new(Arc::clone(model), Request { explained, method }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Option);
        error.to_string()
    };
    let outputs = Explained::Outputs;
    for (model, explained, method, message) in [
        (&bare, outputs, Method::Groups, "no background rows"),
        (&bare, Explained::Member(1), Method::PathDependent, "no shares of training rows"),
        (&model, outputs, Method::Interventional, "only members have a closed form"),
        (&model, Explained::Member(2), Method::Interventional, "use permutations"),
        (&model, Explained::Member(0), Method::PathDependent, "only forests"),
        (&model, Explained::Member(3), Method::Groups, "no such member"),
        (&model, outputs, Method::Permutations { n_pairs: 1 }, "expected 2 to 1,000"),
    ] {
        let error = refused(model, explained, method);
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_section_is_sealed_and_unsealed() {
    let bundle = explained_bundle();
    let (parts, rows) = unseal(&bundle).unwrap();
    assert_eq!(parts, explained());
    assert_eq!(seal(&parts, rows.view()).unwrap(), bundle);
    let without = Parts { explanation: None, ..parts };
    let without = seal(&without, rows.view()).unwrap();
    let mut predicted = [&bundle, &without].map(|bundle| {
        let mut session = Session::new(open(bundle));
        session.predict_row(&[17.0, 20.0, 90.0]).unwrap().outputs().to_vec()
    });
    assert_eq!(predicted[0], predicted[1]);
    predicted[0].clear();
}

/// The model of a corpus entry with its golden rows as background, if each is as the model gets it, and
/// with shares of training rows at the splits of its forests.
fn with_background(bundle: &[u8]) -> (Vec<u8>, Array2<f64>) {
    let (mut parts, rows) = unseal(bundle).unwrap();
    let intake = Intake::of_schema(&parts.schema).unwrap();
    let mut background = Vec::new();
    for row in rows.rows().into_iter().take(5) {
        for (feature, value) in row.iter().enumerate() {
            let value = if value.is_nan() { Value::Missing(None) } else { Value::Number(*value) };
            background.push(intake.take(feature, value).unwrap().0);
        }
    }
    let weights =
        (1..=background.len() / rows.ncols()).map(|n| f64::from(u32::try_from(n).unwrap()));
    let left_shares = parts.members.iter().zip(0..).filter_map(|(placed, member)| {
        let Member::Forest(forest) = &placed.member else { return None };
        let nodes = forest.trees.iter().flat_map(|tree| &tree.nodes);
        let n_splits = nodes.filter(|node| !matches!(node, Node::Leaf { .. })).count();
        let shares = [0.25, 0.5, 0.625].into_iter().cycle().take(n_splits).collect();
        Some(ForestShares { member, shares })
    });
    parts.explanation = Some(Explanation {
        background,
        weights: weights.collect(),
        groups: vec![],
        left_shares: left_shares.collect(),
    });
    (seal(&parts, rows.view()).unwrap(), rows)
}

/// The members of the corpus that read a value which a step computes from several features.
const BEHIND_SEVERAL: [(&str, &str); 3] = [
    ("steps", "products"),
    ("steps-of-shape", "derived"),
    ("steps-of-shape", "principal components"),
];

/// Whether a model of the corpus can be explained so.
fn is_explained(name: &str, parts: &Parts, explained: Explained, method: Method) -> bool {
    match (method, explained) {
        (Method::Groups, _) => parts.schema.n_features() <= 12,
        (Method::Permutations { .. }, _) => true,
        (_, Explained::Member(index)) => {
            let placed = &parts.members[index];
            let has_closed_form = match placed.member {
                Member::Forest(_) => true,
                Member::Linear(_) | Member::LinearSingle(_) => method == Method::Interventional,
                _ => false,
            };
            has_closed_form && !BEHIND_SEVERAL.contains(&(name, placed.name.as_str()))
        }
        _ => false,
    }
}

#[test]
fn explanations_of_the_whole_corpus_are_additive() {
    let mut n_explained = [0; 4];
    for entry in corpus::read().unwrap() {
        let name = &entry.name;
        let bundle = entry.model.seal(name).unwrap();
        let (bundle, rows) = with_background(&bundle);
        let (parts, _) = unseal(&bundle).unwrap();
        let model = open(&bundle);
        let mut session = Session::new(Arc::clone(&model));
        let members = (0..model.member_names().len()).map(Explained::Member);
        for explained in [Explained::Outputs, Explained::Margin].into_iter().chain(members) {
            let methods = [Method::Groups, PAIRS, Method::Interventional, Method::PathDependent];
            for (nth_method, method) in methods.into_iter().enumerate() {
                let request = Request { explained, method };
                let made = Explainer::new(Arc::clone(&model), request);
                let is_expected = is_explained(name, &parts, explained, method);
                assert_eq!(made.is_ok(), is_expected, "{name} {request:?}: {:?}", made.err());
                let Ok(mut explainer) = made else { continue };
                let few =
                    if method == Method::Groups && model.schema().n_features() > 8 { 1 } else { 6 };
                for row in rows.axis_iter(Axis(0)).take(few) {
                    let row = row.to_vec();
                    // Golden rows are predicted, so they are explained.
                    let found = explainer.explain_row(&row);
                    let found = found.unwrap_or_else(|error| panic!("{name} {request:?}: {error}"));
                    for (nth, (base, number)) in
                        found.base().iter().zip(found.explained()).enumerate()
                    {
                        let values = found.values_of(nth);
                        let sum = base + values.iter().sum::<f64>();
                        let size = values.iter().fold(base.abs().max(1.0), |m, v| m.max(v.abs()));
                        assert!(
                            (sum - number).abs() <= 1e-12 * size,
                            "{name} {explained:?} {method:?}: {sum}, expected {number}"
                        );
                    }
                    let is_output = explained == Explained::Outputs;
                    if is_output {
                        let outputs = session.predict_row(&row).unwrap().outputs();
                        assert_eq!(found.explained(), outputs);
                        let is_probability = explainer.scale() == Scale::Probability;
                        let has_classes = !model.schema().target().classes().is_empty();
                        assert_eq!(is_probability, has_classes);
                    }
                    n_explained[nth_method] += 1;
                }
            }
        }
    }
    assert!(n_explained.iter().all(|n| *n > 50), "{n_explained:?}");
}

/// Closed forms behind a pipeline are exact for the features: against coalitions of predictions.
#[test]
fn closed_forms_of_the_corpus_are_those_of_every_coalition() {
    let mut n_compared = 0;
    for entry in corpus::read().unwrap() {
        let bundle = entry.model.seal(&entry.name).unwrap();
        let (bundle, rows) = with_background(&bundle);
        let model = open(&bundle);
        if model.schema().n_features() > 6 {
            continue;
        }
        let (parts, _) = unseal(&bundle).unwrap();
        for (index, placed) in parts.members.iter().enumerate() {
            // Margins in single precision are rounded after every tree.
            if matches!(&placed.member, Member::Forest(f) if f.precision == Precision::Single) {
                continue;
            }
            // Those of a linear member after every product.
            let is_single = matches!(placed.member, Member::LinearSingle(_));
            let tolerance = if is_single { 1e-6 } else { 1e-11 };
            let member = Explained::Member(index);
            let request = Request { explained: member, method: Method::Interventional };
            let Ok(mut closed) = Explainer::new(Arc::clone(&model), request) else { continue };
            let mut groups = explainer(&model, member, Method::Groups);
            for row in rows.axis_iter(Axis(0)).take(4) {
                let row = row.to_vec();
                let (Ok(closed), Ok(groups)) = (closed.explain_row(&row), groups.explain_row(&row))
                else {
                    continue;
                };
                let size = groups.values().iter().fold(1.0_f64, |most, v| most.max(v.abs()));
                for (closed, groups) in closed.values().iter().zip(groups.values()) {
                    let name = &entry.name;
                    assert!(
                        (closed - groups).abs() <= tolerance * size,
                        "{name} {member:?}: {closed} {groups}"
                    );
                }
                n_compared += 1;
            }
        }
    }
    assert!(n_compared > 50, "{n_compared}");
}

#[test]
fn a_forest_with_linear_leaves_is_explained_by_sampling_only() {
    let entry = corpus::read().unwrap().into_iter().find(|entry| entry.name == "linear-forest");
    let (bundle, rows) = with_background(&entry.unwrap().model.seal("linear-forest").unwrap());
    let model = open(&bundle);
    for method in [Method::Interventional, Method::PathDependent] {
        let request = Request { explained: Explained::Member(0), method };
        let error = Explainer::new(Arc::clone(&model), request).unwrap_err();
        let detail = "a forest with linear leaves has no closed form: use permutations";
        assert!(error.to_string().contains(detail), "{error}");
    }
    let mut sampled = explainer(&model, Explained::Outputs, Method::Permutations { n_pairs: 200 });
    for row in rows.rows().into_iter().take(6) {
        let row = row.to_vec();
        let expected = enumerated(&model, &row, Explained::Outputs, &[0, 1, 2]);
        let found = sampled.explain_row(&row).unwrap();
        let errors = found.std_errors().unwrap().iter();
        for ((value, error), expected) in found.values().iter().zip(errors).zip(&expected[0]) {
            assert!((value - expected).abs() < 5.0 * error + 1e-9, "{value} {error} {expected}");
        }
    }
}

/// A model: its name, the requests in the words of the file, and the rows.
type ExplainedModel = (&'static str, &'static [&'static str], [&'static [f64]; 3]);

/// The models of `tests/data/explanations`.
const EXPLAINED: [ExplainedModel; 4] = [
    (
        "levels_and_missing",
        &[
            "outputs 0 groups",
            "margin 0 groups",
            "outputs 0 permutations",
            "member 1 permutations",
            "member 0 interventional",
            "member 1 interventional",
            "member 2 interventional",
            "member 1 path_dependent",
            "member 2 path_dependent",
        ],
        [&[4.5, 3.0, 0.25, 1.0], &[f64::NAN, 2.0, -1.5, 0.0], &[1.0, f64::NAN, 0.75, 1.0]],
    ),
    (
        "number",
        &[
            "outputs 0 groups",
            "margin 0 groups",
            "outputs 0 permutations",
            "member 0 interventional",
            "member 1 interventional",
            "member 1 path_dependent",
        ],
        [&[-1.5, -0.75, 0.5], &[0.5, 1.25, 0.0], &[1.5, -2.0, 1.0]],
    ),
    (
        "three_classes",
        &[
            "outputs 0 groups",
            "margin 0 groups",
            "outputs 0 permutations",
            "member 0 interventional",
            "member 1 interventional",
            "member 2 interventional",
            "member 1 path_dependent",
            "member 2 path_dependent",
        ],
        [&[1.0, 0.5, -0.25, 2.0], &[-0.5, 0.75, 0.25, -1.0], &[0.25, -1.5, 1.75, 0.5]],
    ),
    (
        "three_features",
        &[
            "outputs 0 groups",
            "margin 0 groups",
            "outputs 0 permutations",
            "member 2 permutations",
            "member 0 interventional",
            "member 1 interventional",
            "member 1 path_dependent",
        ],
        [&[14.5, 19.0, 92.0], &[20.5, 24.0, 130.0], &[11.0, 14.0, 70.0]],
    ),
];

fn file_of(name: &str, extension: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/explanations");
    folder.join(name).with_extension(extension)
}

/// The bundle of a model of the folder.
fn sealed(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(file_of(name, "json")).unwrap();
    corpus::ModelFile::of_json(&text).unwrap().seal(name).unwrap()
}

/// What a request of a file asks for.
fn request(words: &str) -> (Explained, Method) {
    let words: Vec<&str> = words.split(' ').collect();
    let explained = match words[0] {
        "outputs" => Explained::Outputs,
        "margin" => Explained::Margin,
        _ => Explained::Member(words[1].parse().unwrap()),
    };
    let method = match words[2] {
        "groups" => Method::Groups,
        "permutations" => PAIRS,
        "interventional" => Method::Interventional,
        _ => Method::PathDependent,
    };
    (explained, method)
}

/// The explanations of some rows, bit by bit: programs in C, C++ and Python compare theirs with the file.
fn explanations_as_text(name: &str, requests: &[&str], rows: &[&[f64]]) -> String {
    let model = open(&sealed(name));
    let mut text =
        format!("# Explanations of {name}.nomo, bit by bit; tests/integration/explanation.rs\n");
    let bits = |name: &str, numbers: &[f64]| {
        let numbers = numbers.iter().map(|number| format!(" 0x{:016x}", number.to_bits()));
        format!("{name}{}\n", numbers.collect::<String>())
    };
    for words in requests {
        let (explained, method) = request(words);
        let mut explainer = explainer(&model, explained, method);
        text += &format!("\nrequest {words}\n");
        for row in rows {
            let found = explainer.explain_row(row).unwrap();
            text += &bits("row", row);
            text += &bits("base", found.base());
            text += &bits("explained", found.explained());
            text += &bits("values", found.values());
            let exact = vec![0.0; found.values().len()];
            text += &bits("std-errors", found.std_errors().unwrap_or(&exact));
        }
    }
    text
}

/// The model of the test kit is that of the file, which plain Python explains too.
#[test]
fn the_model_with_three_features_is_that_of_the_test_kit() {
    let (stated, _) = unseal(&sealed("three_features")).unwrap();
    let parts = explained();
    assert_eq!(stated.schema, parts.schema);
    assert_eq!(stated.branches, parts.branches);
    assert_eq!(stated.members, parts.members);
    assert_eq!(stated.combiner, parts.combiner);
    assert_eq!(stated.explanation, parts.explanation);
}

/// `NOMOGRAM_UPDATE=1` writes the files: review the difference.
#[test]
fn explanations_have_the_bits_of_the_files() {
    let is_update = std::env::var_os("NOMOGRAM_UPDATE").is_some();
    for (name, requests, rows) in EXPLAINED {
        let text = explanations_as_text(name, requests, &rows);
        if is_update {
            std::fs::write(file_of(name, "cases"), &text).unwrap();
            std::fs::write(file_of(name, "nomo"), sealed(name)).unwrap();
        }
        assert_eq!(std::fs::read(file_of(name, "nomo")).unwrap(), sealed(name), "{name}");
        assert_eq!(std::fs::read_to_string(file_of(name, "cases")).unwrap(), text, "{name}");
    }
    let files = std::fs::read_dir(file_of("x", "x").parent().unwrap()).unwrap();
    assert_eq!(files.count(), 3 * EXPLAINED.len());
}
