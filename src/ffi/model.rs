//! Models: open them, count references to them.

use alloc::ffi::CString;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::ffi::{c_char, c_void};
use core::ptr;

use super::boundary::{
    Growing, borrow, borrow_out, borrow_slice, borrow_text, boundary, read_struct, refused,
};
use super::error::nomo_error;
use super::inspect::Texts;
use crate::bundle::Limits;
use crate::error::{Error, ErrorKind};
use crate::model::Model;

/// An opened and verified model.
///
/// It never changes, so all threads may use it at once. It counts its references: opening gives
/// one, nomo_model_retain adds one, nomo_model_release gives one back, and the last one frees it. A
/// session keeps the model that it was created for alive by itself. Every text of a model is UTF-8,
/// ends with NUL, is owned by the model and valid until it is freed; names and units hold no control
/// characters.
#[derive(Debug)]
pub struct nomo_model {
    model: Model,
    texts: Texts,
}

/// Opens without replaying the golden cases: for tests alone, since nothing then proves that the
/// model predicts what was sealed.
pub const NOMO_OPEN_SKIP_GOLDEN_CASES: u32 = 1;

/// A message that is worth keeping: what was opened.
pub const NOMO_LOG_INFO: u32 = 1;
/// A message that somebody should read: something was left out.
pub const NOMO_LOG_WARNING: u32 = 2;
/// A message that says why a bundle was refused.
pub const NOMO_LOG_ERROR: u32 = 3;

/// Receives what there is to say while a bundle is opened.
///
/// It is called within the opening call, in its thread, with the caller's `user` pointer. `message`
/// is English UTF-8 without line ends, valid during the call. It must return, and must not call back
/// into the library with the same model.
pub type nomo_log =
    Option<unsafe extern "C" fn(user: *mut c_void, level: u32, message: *const c_char)>;

/// How a bundle is opened. Owned by the caller; set up by NOMO_OPEN_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_open_options {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// 0 or NOMO_OPEN_SKIP_GOLDEN_CASES.
    pub flags: u32,
    /// The largest bundle that is opened, in bytes (inclusive); 0 means 256 MiB.
    pub max_bytes: u64,
    /// Called with messages, or NULL.
    pub log: nomo_log,
    /// Handed to `log`; the library does nothing else with it.
    pub log_user: *mut c_void,
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
        let options = unsafe { Options::new(options) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(model, "model") }?;
        let opened = Model::read_file(path, &options.limits).and_then(|bytes| options.open(&bytes));
        out.write(into_c(options.tell(opened)?)?);
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
        let options = unsafe { Options::new(options) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(model, "model") }?;
        out.write(into_c(options.tell(options.open(bytes))?)?);
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

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_open_options {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// What the header promises about threads.
const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<nomo_model>();
};

impl nomo_model {
    fn new(model: Model) -> Result<Self, Error> {
        Ok(Self { texts: Texts::of(&model)?, model })
    }

    /// The model that sessions predict with.
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// Its texts as C reads them.
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }
}

/// The caller's options, checked.
struct Options {
    limits: Limits,
    is_tested: bool,
    log: nomo_log,
    log_user: *mut c_void,
}

impl Options {
    /// # Safety
    ///
    /// As [`read_struct`], or NULL.
    unsafe fn new(options: *const nomo_open_options) -> Result<Self, Error> {
        let mut known = Self {
            limits: Limits::default(),
            is_tested: true,
            log: None,
            log_user: ptr::null_mut(),
        };
        if options.is_null() {
            return Ok(known);
        }
        // SAFETY: as this function's own contract.
        let options = unsafe { read_struct(options, "options") }?;
        if options.flags & !NOMO_OPEN_SKIP_GOLDEN_CASES != 0 {
            return Err(refused(ErrorKind::Option, "options.flags", "holds an unknown flag"));
        }
        if options.max_bytes > 0 {
            known.limits.max_bytes = options.max_bytes;
        }
        known.is_tested = options.flags & NOMO_OPEN_SKIP_GOLDEN_CASES == 0;
        (known.log, known.log_user) = (options.log, options.log_user);
        Ok(known)
    }

    fn open(&self, bytes: &[u8]) -> Result<Model, Error> {
        if self.is_tested {
            return Model::open_with(bytes, &self.limits);
        }
        Model::open_untested(bytes, &self.limits)
    }

    /// Tells the caller's log what came of opening.
    fn tell(&self, opened: Result<Model, Error>) -> Result<Model, Error> {
        match &opened {
            Ok(model) => {
                let (digest, format) = (model.digest(), model.format());
                let n_cases = if self.is_tested { model.n_golden_cases() } else { 0 };
                let opened =
                    format!("opened {digest}, format {format}, {n_cases} golden cases replayed");
                self.say(NOMO_LOG_INFO, &opened);
                if !self.is_tested {
                    self.say(NOMO_LOG_WARNING, "the golden cases were not replayed");
                }
                let n_skipped = model.n_skipped_sections();
                if n_skipped > 0 {
                    let newer = "of a newer version were left out; they do not change predictions";
                    self.say(NOMO_LOG_WARNING, &format!("{n_skipped} sections {newer}"));
                }
            }
            Err(error) => self.say(NOMO_LOG_ERROR, &error.to_string()),
        }
        opened
    }

    fn say(&self, level: u32, message: &str) {
        let Some(log) = self.log else { return };
        let printable: String =
            message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if let Ok(message) = CString::new(printable) {
            // SAFETY: the caller promises a function of this type; the text lives until it returns.
            unsafe { log(self.log_user, level, message.as_ptr()) };
        }
    }
}

/// Hands a model to C with one reference.
fn into_c(model: Model) -> Result<*mut nomo_model, Error> {
    Ok(Arc::into_raw(Arc::new(nomo_model::new(model)?)).cast_mut())
}
