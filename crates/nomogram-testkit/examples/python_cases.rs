//! Writes test bundles, and what Rust predicts with them, for the tests of the bindings.
//!
//! `cargo run --package nomogram-testkit --example python_cases -- FOLDER`
//!
//! - `three-members.nomo`, `explained.nomo`, `table.nomo`, `number.nomo`, `signed.nomo`, `replayed.nomo`: bundles;
//! - `table.json`: rows as a caller states them, each with the bits of its probabilities or the
//!   status with which it is refused;
//! - `wdbc.json`: the bits of the probabilities of every row of `examples/data/wdbc.csv`, as the
//!   committed reference bundle gives them.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nomogram::{MissingReason, Model, Prediction, Session, Value};
use nomogram_testkit::{
    bundle_of_number, bundle_of_table, bundle_of_three_members, explained_bundle, signed,
};

const N_CASES: usize = 400;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: python_cases FOLDER");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let table = bundle_of_table();
    fs::write(folder.join("three-members.nomo"), bundle_of_three_members())?;
    fs::write(folder.join("explained.nomo"), explained_bundle())?;
    fs::write(folder.join("number.nomo"), bundle_of_number())?;
    let small = bundle_of_three_members();
    fs::write(folder.join("signed.nomo"), signed(&small, &small))?;
    fs::write(folder.join("replayed.nomo"), signed(&small, &bundle_of_number()))?;
    fs::write(folder.join("table.json"), cases(&table)?)?;
    fs::write(folder.join("table.nomo"), table)?;
    fs::write(folder.join("wdbc.json"), reference_bits()?)?;
    Ok(())
}

/// The values that a caller may give for each feature: none, a usable one, and one for each policy.
fn statements() -> Vec<Vec<Option<Value<'static>>>> {
    let number = |value| Some(Value::Number(value));
    let text = |text| Some(Value::Text(text));
    let missing = Some(Value::Missing(None));
    let declined = Some(Value::Missing(Some(MissingReason::AskedDeclined)));
    vec![
        vec![
            Some(Value::Integer(41)),
            number(67.0),
            Some(Value::NumberIn(720.0, "mo")),
            Some(Value::Integer(18)),
            number(41.5),
            Some(Value::Integer(17)),
        ],
        vec![text("I"), text("II"), text("III"), missing, text("IV"), declined],
        vec![
            number(71.25),
            Some(Value::NumberIn(1.2, "mg/dL")),
            Some(Value::NumberIn(0.2, "mmol/L")),
            missing,
            number(3000.0),
            Some(Value::Integer(110)),
        ],
        vec![Some(Value::Boolean(true)), Some(Value::Boolean(false)), None, missing],
        vec![number(80.0), number(450.5), None, Some(Value::NumberIn(600.0, "mg")), missing],
        vec![number(120.0), number(151.5), Some(Value::Integer(135))],
        vec![number(80.0), number(92.5), number(79.0), number(85.0), number(121.0)],
        vec![text("Süd"), text("日本"), text("north east"), declined, text("")],
    ]
}

fn cases(bundle: &[u8]) -> Result<String, Box<dyn Error>> {
    let mut session = Session::new(Model::open(bundle)?.into());
    let statements = statements();
    let mut cases = Vec::new();
    let mut state = 1_u64;
    // Knuth's linear congruential generator: the cases are the same in every run.
    let mut draw = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    for _ in 0..N_CASES {
        session.clear();
        let mut row = Vec::new();
        for (feature, choices) in statements.iter().enumerate() {
            // The first choice is met more often, so that not most rows are refused.
            let nth = draw(2 * choices.len());
            let choice = choices.get(nth).or(choices.first()).copied();
            let Some(value) = choice.flatten() else { continue };
            session.set(feature, value)?;
            let name = session.model().schema().features().get(feature).map(|f| f.name.clone());
            row.push(format!("\"{}\": {}", name.unwrap_or_default(), json(value)?));
        }
        let answer = match session.predict() {
            Ok(prediction) => format!("\"bits\": {}", bits(&prediction)),
            Err(error) => format!("\"refused\": {:?}", error.kind().c_name().to_str()?),
        };
        cases.push(format!("{{\"row\": {{{}}}, {answer}}}", row.join(", ")));
    }
    Ok(format!("[\n{}\n]\n", cases.join(",\n")))
}

fn json(value: Value<'_>) -> Result<String, Box<dyn Error>> {
    Ok(match value {
        Value::Number(number) => format!("{number:?}"),
        Value::NumberIn(number, unit) => format!("[{number:?}, {unit:?}]"),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Missing(None) => "null".into(),
        Value::Missing(Some(reason)) => format!("{{\"missing\": {:?}}}", reason.code()),
        _ => return Err("a value of a kind that is not written".into()),
    })
}

fn bits(prediction: &Prediction<'_>) -> String {
    let mut text = String::from("[");
    for (index, probability) in prediction.outputs().iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a String does not fail.
        let _ = write!(text, "{comma}\"{:#018x}\"", probability.to_bits());
    }
    text + "]"
}

fn reference_bits() -> Result<String, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let model = Model::open_file(root.join("tests/data/bundles/v1/wdbc.nomo"))?;
    let mut session = Session::new(model.into());
    let csv = fs::read_to_string(root.join("examples/data/wdbc.csv"))?;
    let mut rows = Vec::new();
    for line in csv.lines().skip(1) {
        // The columns are: row id, diagnosis, features in the order of the model.
        let cells = line.split(',').skip(2).map(str::parse);
        let row: Vec<f64> = cells.collect::<Result<_, _>>()?;
        rows.push(bits(&session.predict_row(&row)?));
    }
    Ok(format!("[\n{}\n]\n", rows.join(",\n")))
}
