//! Formats: which source reads a file.

use crate::error::{Error, ErrorKind};
use crate::foreign;
use crate::imported::Imported;
use crate::limits::Limits;
use crate::options::Options;
use crate::sources::{catboost, equation, lightgbm, onnx, pmml, scikit_learn, xgboost};
use crate::stored_rows;

/// The format of a model's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CatBoost's JSON (`save_model("x.json", format="json")`).
    Catboost,
    /// A published equation as a table of terms, as YAML.
    Equation,
    /// LightGBM's text (`save_model("x.txt")`).
    Lightgbm,
    /// ONNX, as skl2onnx, onnxmltools and torch export it.
    Onnx,
    /// PMML 4.
    Pmml,
    /// XGBoost's JSON (`save_model("x.json")`).
    XgboostJson,
    /// XGBoost's UBJSON (`save_model("x.ubj")`).
    XgboostUbjson,
    /// A fitted estimator of scikit-learn, as `nomogram_risk.from_sklearn` describes it.
    ScikitLearn,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] = [
        Self::Catboost,
        Self::Equation,
        Self::Lightgbm,
        Self::Onnx,
        Self::Pmml,
        Self::ScikitLearn,
        Self::XgboostJson,
        Self::XgboostUbjson,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Catboost => "catboost",
            Self::Equation => "equation",
            Self::Lightgbm => "lightgbm",
            Self::Onnx => "onnx",
            Self::Pmml => "pmml",
            Self::XgboostJson => "xgboost-json",
            Self::XgboostUbjson => "xgboost-ubjson",
            Self::ScikitLearn => "scikit-learn",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format of a file by its first bytes.
    ///
    /// # Errors
    ///
    /// `Unsupported` for formats that are refused by name, `Malformed` for others.
    pub fn detect(bytes: &[u8]) -> Result<Self, Error> {
        let start = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
        let holds = |word: &[u8]| start.windows(word.len()).any(|window| window == word);
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        let begins_line = |word: &[u8]| start.starts_with(word) || holds(&[b"\n", word].concat());
        match first {
            _ if begins_line(b"equation:") => Ok(Self::Equation),
            _ if start.starts_with(b"tree\n") || start.starts_with(b"tree\r\n") => {
                Ok(Self::Lightgbm)
            }
            Some(b'{') if start.starts_with(b"{L\0\0\0\0") || start.starts_with(b"{i") => {
                Ok(Self::XgboostUbjson)
            }
            Some(b'{') if holds(scikit_learn::MARK.as_bytes()) => Ok(Self::ScikitLearn),
            Some(b'{') if holds(b"\"features_info\"") || holds(b"\"oblivious_trees\"") => {
                Ok(Self::Catboost)
            }
            // XGBoost's documents begin with `learner`.
            Some(b'{') if holds(b"\"learner\"") && !holds(b"\"num_tree_per_iteration\"") => {
                Ok(Self::XgboostJson)
            }
            Some(b'<' | 0xef) if holds(b"<PMML") || holds(b":PMML") => Ok(Self::Pmml),
            // Field 1, the version of the format: a small number. Version 1 is of files of TensorFlow.
            _ if matches!(start, [0x08, 1, 0x12, ..]) => Err(foreign::refusal(bytes)),
            _ if matches!(start, [0x08, 1..=0x7f, ..]) => Ok(Self::Onnx),
            _ => Err(foreign::refusal(bytes)),
        }
    }
}

/// Reads a model: in the given format, or in the one that its first bytes show.
///
/// # Errors
///
/// `Unsupported`, `Malformed` or `TooLarge`, with the place in the file; `Model` when the core refuses
/// what was read.
pub fn import(
    bytes: &[u8],
    format: Option<Format>,
    options: &Options,
    limits: &Limits,
) -> Result<Imported, Error> {
    limits.check_bytes(bytes.len())?;
    let format = format.map_or_else(|| Format::detect(bytes), Ok)?;
    if !matches!(format, Format::Catboost | Format::Lightgbm) {
        options.check_no_class()?;
    }
    let mut imported = match format {
        Format::Catboost => catboost::read(bytes, options, limits)?,
        Format::Equation => equation::read(bytes, options, limits)?,
        Format::Lightgbm => lightgbm::read(bytes, options, limits)?,
        Format::Onnx => onnx::read(bytes, limits)?,
        Format::Pmml => pmml::read(bytes, limits)?,
        Format::XgboostJson => xgboost::read_json(bytes, options, limits)?,
        Format::XgboostUbjson => xgboost::read_ubjson(bytes, options, limits)?,
        Format::ScikitLearn => scikit_learn::read(bytes, options, limits)?,
    };
    if options.tree_shares && imported.parts.explanation.is_none() {
        let what = "shares of training rows: the file has no forest with their number at each node \
                    and with constant leaves";
        return Err(Error::unsupported(what));
    }
    imported.notes.extend(stored_rows::check_consent(&imported.parts, options)?);
    if let Some(name) = &options.name {
        imported.parts.manifest.name.clone_from(name);
    }
    if imported.expected.iter().any(|row| row.row.len() != imported.parts.schema.n_features()) {
        return Err(Error::new(ErrorKind::Model, "an expected row of another width"));
    }
    Ok(imported)
}
