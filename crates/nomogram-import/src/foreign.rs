//! Files of other formats: what they are, and what to save instead.
//!
//! A pickle runs code of its maker when it is read, so none is read: not even to look into it.

use crate::error::Error;

/// How a file of a format begins, what it is, and what to do instead.
type Kind = (&'static [u8], &'static str);

/// Formats that their first bytes show.
const BY_FIRST_BYTES: [Kind; 9] = [
    (
        b"CBM1",
        "CatBoost's binary format (`.cbm`); save the model with format=\"json\" and its pool",
    ),
    (b"\x89HDF\r\n\x1a\n", "HDF5, in which Keras saves models (`.h5`); export the model as ONNX"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9", "a file of torch (`.pt`); export the model as ONNX"),
    (b"\x1f\x8b", PACKED),
    (b"BZh", PACKED),
    (b"\xfd7zXZ\0", PACKED),
    (b"\x28\xb5\x2f\xfd", PACKED),
    (b"booster[", XGBOOST_DUMP),
    (b"binf", OLD_XGBOOST),
];

/// Entries of archives (zip), by the end of their names.
const BY_ENTRY: [Kind; 6] = [
    (
        b"model.ini",
        "a MOJO of H2O; no reader for it exists: train the model with XGBoost or LightGBM",
    ),
    (b"model.weights.h5", "a model of Keras (`.keras`); export it as ONNX"),
    (b"data.pkl", "a file of torch (`.pt`); export the model as ONNX"),
    (b"constants.pkl", "a file of torch (`.pt`); export the model as ONNX"),
    (b"schema.json", "a file of skops; `nomogram_risk.from_skops` reads it in Python"),
    (b".npy", "arrays of numpy, which are no model"),
];

const PACKED: &str = "a compressed file: unpack it. Objects of R (`.rds`) and pickles of joblib are not read: \
                      save the model in a format of its own library";
const PICKLE: &str = "a pickle, which joblib writes too: reading one runs code of its maker. Open it in Python and \
                      use `nomogram_risk.from_sklearn`, or save the model in a format of its own library";
const XGBOOST_DUMP: &str = "XGBoost's dump of trees; save the model as JSON or UBJSON";
const OLD_XGBOOST: &str = "the old binary format of XGBoost; save the model as JSON or UBJSON";

/// Why a file that is of no supported format is refused.
pub(crate) fn refusal(bytes: &[u8]) -> Error {
    let start = bytes.get(..bytes.len().min(4096)).unwrap_or_default().trim_ascii_start();
    let holds = |word: &[u8]| holds(start, word);
    let of_first_bytes = BY_FIRST_BYTES.iter().find(|(first, _)| start.starts_with(first));
    if let Some((_, what)) = of_first_bytes {
        return Error::unsupported(*what);
    }
    match start {
        // The versions of the protocol that write a header.
        [0x80, 2..=5, ..] => Error::unsupported(PICKLE),
        // joblib's compression; `78` is zlib, followed by its level.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Error::unsupported(PICKLE),
        [b'P', b'K', 3, 4, ..] => of_archive(bytes),
        [0x08, 1, 0x12, ..] => {
            Error::unsupported("a SavedModel of TensorFlow; export the model as ONNX")
        }
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => {
            Error::unsupported("a model of TensorFlow Lite; export the model as ONNX")
        }
        [b'{', ..] if holds(b"\"num_tree_per_iteration\"") => {
            Error::unsupported("LightGBM's JSON, which `dump_model` writes; save the model as text")
        }
        [b'[', ..] if holds(b"\"nodeid\"") || holds(b"\"leaf\"") => {
            Error::unsupported(XGBOOST_DUMP)
        }
        _ if holds(b"gbtree") || holds(b"gblinear") => Error::unsupported(OLD_XGBOOST),
        _ => Error::malformed("a file of an unknown format; name its format"),
    }
}

fn of_archive(bytes: &[u8]) -> Error {
    // Every name is in the directory at the end of the archive.
    let end = bytes.get(bytes.len().saturating_sub(1 << 16)..).unwrap_or_default();
    let what = BY_ENTRY.iter().find(|(entry, _)| holds(end, entry));
    Error::unsupported(
        what.map_or("an archive (zip) without a known model; unpack it", |(_, what)| what),
    )
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
