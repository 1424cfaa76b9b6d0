//! Models: open, count references, look at.

use alloc::ffi::CString;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::{c_char, c_void};
use core::ptr;

use super::boundary::{
    Growing, borrow, borrow_out, borrow_slice, borrow_text, boundary, read_struct, refused,
    struct_size, write_struct,
};
use super::error::nomo_error;
use crate::bundle::Limits;
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::schema::FeatureKind;

/// An opened and verified model.
///
/// It never changes, so all threads may use it at once. It counts its references: opening gives
/// one, nomo_model_retain adds one, nomo_model_release gives one back, and the last one frees it. A
/// session keeps the model that it was created for alive by itself.
#[derive(Debug)]
pub struct nomo_model {
    model: Arc<Model>,
    features: Vec<FeatureTexts>,
    classes: Vec<CString>,
    digest: CString,
}

#[derive(Debug)]
struct FeatureTexts {
    name: CString,
    unit: Option<CString>,
}

/// How a bundle is opened. Owned by the caller; set up by NOMO_OPEN_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_open_options {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// The largest bundle that is opened, in bytes (inclusive); 0 means 256 MiB.
    pub max_bytes: u64,
}

/// Kind of a feature: any finite number.
pub const NOMO_FEATURE_NUMBER: u32 = 1;

/// A feature of a model. Owned by the caller; set up by NOMO_FEATURE_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_feature {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What values it takes: NOMO_FEATURE_NUMBER.
    pub kind: u32,
    /// Its name, UTF-8 without control characters. Owned by the model, valid until the model is freed;
    /// a session keeps its model from being freed.
    pub name: *const c_char,
    /// The unit of its values as a UCUM code, or NULL where it is not known. Owned as `name`.
    pub unit: *const c_char,
}

/// Opens a bundle from a file and verifies it: digests, structure, golden cases.
///
/// `path` is UTF-8. `options` may be NULL. On success, `*model` is a model with one reference, which
/// the caller gives back with nomo_model_release. `error` may be NULL.
///
/// A path that cannot be read (a folder, for example) gives class NOMO_EIO, an empty file
/// NOMO_EFORMAT_TRUNCATED, bytes after the end of the bundle NOMO_EFORMAT_TABLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_open_file(
    path: *const c_char,
    options: *const nomo_open_options,
    model: *mut *mut nomo_model,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let path = unsafe { borrow_text(path, "path") }?;
        // SAFETY: as above.
        let limits = unsafe { limits(options) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(model, "model") }?;
        out.write(into_c(Model::open_file_with(path, &limits)?)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Opens a bundle from `n_bytes` bytes in memory, which are not needed after the call.
///
/// All else is as in nomo_model_open_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_open_memory(
    bytes: *const c_void,
    n_bytes: usize,
    options: *const nomo_open_options,
    model: *mut *mut nomo_model,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let bytes = unsafe { borrow_slice(bytes.cast::<u8>(), n_bytes, "bytes") }?;
        // SAFETY: as above.
        let limits = unsafe { limits(options) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(model, "model") }?;
        out.write(into_c(Model::open_with(bytes, &limits)?)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Adds a reference, to be given back with nomo_model_release.
///
/// Fails only with NOMO_EARGUMENT_NULL or NOMO_EARGUMENT_ALIGNMENT, so it takes no `error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_retain(model: *mut nomo_model) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        unsafe { borrow(model.cast_const(), "model") }?;
        // SAFETY: `model` came from `into_c`, and the caller holds a reference to it.
        unsafe { Arc::increment_strong_count(model.cast_const()) };
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) }
}

/// Gives a reference back; the last one frees the model. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_release(model: *mut nomo_model) {
    let call = || {
        if !model.is_null() {
            // SAFETY: `model` came from `into_c`, and the caller gives up its reference.
            unsafe { Arc::decrement_strong_count(model.cast_const()) };
        }
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

/// Writes how many features a row has to `*n_features`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_n_features(
    model: *const nomo_model,
    n_features: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (n_features, "n_features"), error, |m| Ok(m.features.len())) }
}

/// Writes how many classes, and so how many probabilities a row gets, to `*n_classes`. `error` may
/// be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_n_classes(
    model: *const nomo_model,
    n_classes: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (n_classes, "n_classes"), error, |m| Ok(m.classes.len())) }
}

/// Describes the feature at `index`, counted from 0, in `*feature`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_feature(
    model: *const nomo_model,
    index: usize,
    feature: *mut nomo_feature,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        unsafe { struct_size(feature.cast_const(), "feature") }?;
        let described = model.feature(index)?;
        // SAFETY: as above; its size was checked.
        unsafe { write_struct(feature, &described) };
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Writes the position of the feature called `name` (UTF-8) to `*index`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_feature_index(
    model: *const nomo_model,
    name: *const c_char,
    index: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    let find = |model: &nomo_model| {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let name = unsafe { borrow_text(name, "name") }?;
        model.model.schema().feature_index(name).ok_or_else(|| {
            refused(ErrorKind::UnknownFeature, "name", format!("no feature is called `{name}`"))
        })
    };
    // SAFETY: as above.
    unsafe { query(model, (index, "index"), error, find) }
}

/// Writes the name (UTF-8 without control characters) of the class at `index`, counted from 0, to `*name`.
///
/// With two classes, class 1 is the positive one. The text is owned by the model and valid until
/// the model is freed. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_class(
    model: *const nomo_model,
    index: usize,
    name: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let find = |model: &nomo_model| match model.classes.get(index) {
        Some(class) => Ok(class.as_ptr()),
        None => {
            let detail = format!("class {index} of {}", model.classes.len());
            Err(refused(ErrorKind::UnknownClass, "index", detail))
        }
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (name, "name"), error, find) }
}

/// Writes the digest that names the bundle, 64 lower-case hexadecimal digits, to `*digest`: log it to prove
/// which model answered.
///
/// The text is owned by the model and valid until the model is freed. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_digest(
    model: *const nomo_model,
    digest: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (digest, "digest"), error, |m| Ok(m.digest.as_ptr())) }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers.
unsafe impl Growing for nomo_open_options {
    const FIRST_SIZE: usize = size_of::<Self>();

    fn reserved(&self) -> u32 {
        self.reserved
    }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_feature {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// What the header promises about threads.
const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<nomo_model>();
};

impl nomo_model {
    /// The model that sessions predict with.
    pub(super) fn model(&self) -> &Arc<Model> {
        &self.model
    }

    fn new(model: Model) -> Result<Self, Error> {
        let texts = |feature: &crate::schema::Feature| {
            let unit = feature.unit.as_deref().map(c_text).transpose()?;
            Ok(FeatureTexts { name: c_text(&feature.name)?, unit })
        };
        let schema = model.schema();
        Ok(Self {
            features: schema.features().iter().map(texts).collect::<Result<_, Error>>()?,
            classes: schema
                .target()
                .classes
                .iter()
                .map(|name| c_text(name))
                .collect::<Result<_, _>>()?,
            digest: c_text(&model.digest().to_string())?,
            model: Arc::new(model),
        })
    }

    fn feature(&self, index: usize) -> Result<nomo_feature, Error> {
        let features = self.model.schema().features();
        let (Some(texts), Some(feature)) = (self.features.get(index), features.get(index)) else {
            let detail = format!("feature {index} of {}", features.len());
            return Err(refused(ErrorKind::UnknownFeature, "index", detail));
        };
        Ok(nomo_feature {
            struct_size: 0,
            kind: match feature.kind {
                FeatureKind::Number => NOMO_FEATURE_NUMBER,
            },
            name: texts.name.as_ptr(),
            unit: texts.unit.as_ref().map_or(ptr::null(), |unit| unit.as_ptr()),
        })
    }
}

/// Hands a model to C with one reference.
fn into_c(model: Model) -> Result<*mut nomo_model, Error> {
    Ok(Arc::into_raw(Arc::new(nomo_model::new(model)?)).cast_mut())
}

fn c_text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::new(ErrorKind::InvalidModel, "a text holds a NUL"))
}

/// # Safety
///
/// As [`read_struct`].
unsafe fn limits(options: *const nomo_open_options) -> Result<Limits, Error> {
    if options.is_null() {
        return Ok(Limits::default());
    }
    // SAFETY: as this function's own contract.
    let options = unsafe { read_struct(options, "options") }?;
    match options.max_bytes {
        0 => Ok(Limits::default()),
        max_bytes => Ok(Limits { max_bytes }),
    }
}

/// Writes what `find` finds in a model to `*out`.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn query<T>(
    model: *const nomo_model,
    (out, name): (*mut T, &'static str),
    error: *mut nomo_error,
    find: impl FnOnce(&nomo_model) -> Result<T, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(out, name) }?;
        out.write(find(model)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}
