//! Models: open them, count references to them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::{c_char, c_void};
use core::fmt::Display;
use core::mem::offset_of;
use core::ops::Deref;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use super::allocate::boxed;
use super::borrow::{borrow, borrow_out, borrow_slice, borrow_text, refused};
use super::boundary::boundary;
use super::error::{message, nomo_error};
use super::growing::{Growing, read_struct};
use super::texts::Texts;
use crate::bundle::Limits;
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::trust::Trust;

/// An opened and verified model.
///
/// It never changes, so all threads may use it at once. References are counted: opening returns one,
/// nomo_model_retain adds one, nomo_model_release drops one, and dropping the last one frees the
/// model. A session holds a reference too. All texts of a model are UTF-8, end with NUL, and
/// are valid until the model is freed; names and units contain no control characters and no marks that
/// change the direction of text.
#[derive(Debug)]
pub struct nomo_model {
    references: AtomicUsize,
    model: Model,
    texts: Texts,
}

/// A reference to a model, dropped with it.
#[derive(Debug)]
pub(super) struct Reference(*const nomo_model);

// SAFETY: a model is shared by threads, and its references are counted atomically.
unsafe impl Send for Reference {}
// SAFETY: as above.
unsafe impl Sync for Reference {}

impl Reference {
    /// One more reference to a model.
    ///
    /// # Safety
    ///
    /// `model` came from opening, and the caller holds a reference to it.
    pub(super) unsafe fn new(model: *const nomo_model) -> Self {
        // SAFETY: as this function's own contract.
        unsafe { &*model }.retain();
        Self(model)
    }
}

impl Deref for Reference {
    type Target = nomo_model;

    fn deref(&self) -> &nomo_model {
        // SAFETY: this reference keeps the model.
        unsafe { &*self.0 }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: this reference is given up.
        unsafe { release(self.0.cast_mut()) };
    }
}

/// Drops a reference, and with the last one the model.
///
/// # Safety
///
/// `model` came from opening, and the caller gives up a reference to it.
unsafe fn release(model: *mut nomo_model) {
    // SAFETY: as this function's own contract.
    if unsafe { &*model }.references.fetch_sub(1, Ordering::Release) == 1 {
        // What other threads did with the model happens before it is freed.
        fence(Ordering::Acquire);
        // SAFETY: made by `into_c`, and this was the last reference.
        drop(unsafe { Box::from_raw(model) });
    }
}

/// Flag of opening: do not replay the golden cases. For tests only: nothing then proves that the model
/// predicts what was sealed.
pub const NOMO_OPEN_SKIP_GOLDEN_CASES: u32 = 1;

/// Level of a message: information, such as what was opened.
pub const NOMO_LOG_INFO: u32 = 1;
/// Level of a message: a warning, such as a section that was skipped.
pub const NOMO_LOG_WARNING: u32 = 2;
/// Level of a message: the reason why a bundle was refused.
pub const NOMO_LOG_ERROR: u32 = 3;

/// Receives messages while a bundle is opened.
///
/// Called in the thread of the opening call and before that call returns, with the caller's `user`
/// pointer. `message` is one line of UTF-8 in English, valid during the call. The function must
/// return, and must not call the library with the same model.
pub type nomo_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: u32, message: *const c_char)>;

/// Options of opening. Owned by the caller; set up by NOMO_OPEN_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_open_options {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// 0 or NOMO_OPEN_SKIP_GOLDEN_CASES.
    pub flags: u32,
    /// Size limit of the bundle in bytes (inclusive); 0 means 256 MiB.
    pub max_bytes: u64,
    /// Receives messages, or NULL.
    pub log: nomo_log_fn,
    /// Passed to `log` and not used otherwise.
    pub log_user: *mut c_void,
    /// Limit of the memory that opening allocates at a time, in bytes; 0 means 4 MiB plus
    /// four times the size of the bundle.
    pub max_memory: u64,
    /// Limit of the computation that opening takes, in steps of about a nanosecond; 0 means 2^26
    /// plus 64 times the size of the bundle.
    pub max_work: u64,
    /// A policy of trust that the signatures of the bundle must satisfy, or NULL to open it whoever
    /// signed it. Text in UTF-8, used during the call only; one statement per line:
    /// "key HEX ROLE,ROLE" (a public Ed25519 key as 64 digits, and its roles), "revoked HEX",
    /// "require ROLE N" (N different keys, 1 if absent), "distinct" (a key counts for one role),
    /// "digest HEX" (of the bundle, pinned), and comments after "#". A policy that requires nothing
    /// is refused.
    pub trust: *const c_char,
    /// Now, in seconds since 1970, for signatures that expire; the library has no clock. 0 with a
    /// policy is refused.
    pub time: u64,
}

/// Opens a bundle from a file and verifies it: digests, structure, golden cases.
///
/// `path` is UTF-8. `options` may be NULL. On success `*model` is a model with one reference, which the
/// caller drops with nomo_model_release.
///
/// Only a regular file is read, so the call does not wait for another process; read a pipe or a device
/// yourself, and pass its bytes to nomo_model_open_memory. A file that is larger than the limit is not
/// read, and of one that does not begin as a bundle only the beginning.
///
/// Fails with class NOMO_EIO (the path cannot be read, or is no regular file), class NOMO_EFORMAT (not
/// a bundle; NOMO_EFORMAT_TRUNCATED for an empty file, NOMO_EFORMAT_TABLE for bytes after the end of
/// the bundle), class NOMO_EVERSION, NOMO_EINTEGRITY_DIGEST, NOMO_ELIMIT_SIZE (the bundle, or the memory
/// or computation that it needs, is above a limit), NOMO_EMEMORY, class NOMO_ESELFTEST,
/// NOMO_EARGUMENT_TEXT (`path` or the policy is not UTF-8), NOMO_EARGUMENT_TRUST (the policy cannot be
/// read), NOMO_EINTEGRITY_SIGNATURE, _UNSIGNED, _EXPIRED, _REVOKED or _PINNED (the policy refuses the
/// bundle; the message names key and role) or NOMO_EARGUMENT_OPTION (an unknown flag).
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
        let opened = Model::read_file(path, &options.limits);
        let opened = opened.and_then(|bytes| options.open_owned(bytes));
        out.write(into_c(options.report(opened)?)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Opens a bundle from memory and verifies it: digests, structure, golden cases.
///
/// `bytes` holds `bytes_len` bytes and is not used after the call. `options` may be NULL. On success
/// `*model` is a model with one reference, which the caller drops with nomo_model_release.
///
/// Fails with class NOMO_EFORMAT (not a bundle; NOMO_EFORMAT_TRUNCATED if `bytes_len` is 0,
/// NOMO_EFORMAT_TABLE for bytes after the end of the bundle), class NOMO_EVERSION,
/// NOMO_EINTEGRITY_DIGEST, NOMO_ELIMIT_SIZE (the bundle, or the memory or computation that it needs, is
/// above a limit), NOMO_EMEMORY, class NOMO_ESELFTEST, NOMO_EARGUMENT_TEXT (the policy is not UTF-8),
/// NOMO_EARGUMENT_TRUST (the policy cannot be read), NOMO_EINTEGRITY_SIGNATURE, _UNSIGNED, _EXPIRED,
/// _REVOKED or _PINNED (the policy refuses the bundle; the message names key and role) or
/// NOMO_EARGUMENT_OPTION (an unknown flag).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_open_memory(
    bytes: *const c_void,
    bytes_len: usize,
    options: *const nomo_open_options,
    model: *mut *mut nomo_model,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let bytes = unsafe { borrow_slice(bytes.cast::<u8>(), bytes_len, "bytes") }?;
        // SAFETY: as above.
        let options = unsafe { Options::new(options) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(model, "model") }?;
        out.write(into_c(options.report(options.open(bytes))?)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Adds a reference, which the caller drops with nomo_model_release.
///
/// Fails with NOMO_EARGUMENT_NULL, NOMO_EARGUMENT_ALIGNMENT or NOMO_EDEFECT only; it takes no
/// `error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_retain(model: *mut nomo_model) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        unsafe { borrow(model.cast_const(), "model") }?.retain();
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) }
}

/// Drops a reference; dropping the last one frees the model. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_release(model: *mut nomo_model) {
    let call = || {
        if !model.is_null() {
            // SAFETY: `model` came from `into_c`, and the caller gives up its reference.
            unsafe { release(model) };
        }
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_open_options {
    const FIRST_SIZE: usize = offset_of!(Self, max_memory);
}

/// What the header promises about threads.
const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<nomo_model>();
};

impl nomo_model {
    fn new(model: Model) -> Result<Self, Error> {
        Ok(Self { references: AtomicUsize::new(1), texts: Texts::of(&model)?, model })
    }

    /// Adds a reference. A program that leaks 2^63 of them ends before the count overflows.
    fn retain(&self) {
        self.references.fetch_add(1, Ordering::Relaxed);
    }

    /// The model that sessions predict with.
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// The model's texts as C reads them.
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }
}

/// The caller's options, checked.
struct Options {
    limits: Limits,
    trust: Option<Trust>,
    is_tested: bool,
    log: nomo_log_fn,
    log_user: *mut c_void,
}

impl Options {
    /// # Safety
    ///
    /// As [`read_struct`], or NULL.
    unsafe fn new(options: *const nomo_open_options) -> Result<Self, Error> {
        let mut known = Self {
            limits: Limits::default(),
            trust: None,
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
        known.limits.max_memory = Some(options.max_memory).filter(|limit| *limit > 0);
        known.limits.max_work = Some(options.max_work).filter(|limit| *limit > 0);
        known.is_tested = options.flags & NOMO_OPEN_SKIP_GOLDEN_CASES == 0;
        (known.log, known.log_user) = (options.log, options.log_user);
        if !options.trust.is_null() {
            if options.time == 0 {
                return Err(refused(ErrorKind::Trust, "options.time", "is 0, expected the time"));
            }
            // SAFETY: as this function's own contract.
            let policy = unsafe { borrow_text(options.trust, "options.trust") }?;
            known.trust = Some(Trust::from_text(policy, options.time)?);
        }
        Ok(known)
    }

    fn open(&self, bytes: &[u8]) -> Result<Model, Error> {
        let trust = self.trust.as_ref();
        self.test(Model::open_trusted_untested(bytes, &self.limits, trust)?)
    }

    /// [`Self::open`] for bytes that are freed as soon as they are decoded.
    fn open_owned(&self, bytes: Vec<u8>) -> Result<Model, Error> {
        self.test(Model::open_owned(bytes, &self.limits, self.trust.as_ref())?)
    }

    fn test(&self, model: Model) -> Result<Model, Error> {
        if self.is_tested {
            model.self_test()?;
        }
        Ok(model)
    }

    /// Reports the outcome of opening to the caller's log.
    fn report(&self, opened: Result<Model, Error>) -> Result<Model, Error> {
        match &opened {
            Ok(model) => {
                let (digest, format) = (model.digest(), model.format());
                let n_cases = if self.is_tested { model.n_golden_cases() } else { 0 };
                self.send(
                    NOMO_LOG_INFO,
                    &format_args!(
                        "opened {digest}, format {format}, {n_cases} golden cases replayed"
                    ),
                );
                if !self.is_tested {
                    self.send(NOMO_LOG_WARNING, &"the golden cases were not replayed");
                }
                let n_skipped = model.n_skipped_sections();
                if n_skipped > 0 {
                    let skipped = "unknown sections were skipped; they do not change predictions";
                    self.send(NOMO_LOG_WARNING, &format_args!("{n_skipped} {skipped}"));
                }
            }
            Err(error) => self.send(NOMO_LOG_ERROR, error),
        }
        opened
    }

    fn send(&self, level: u32, text: &impl Display) {
        let Some(log) = self.log else { return };
        let message = message(text);
        // SAFETY: the caller promises a function of this type; the text lives until it returns.
        unsafe { log(self.log_user, level, message.as_ptr()) };
    }
}

/// Passes a model to C with one reference.
fn into_c(model: Model) -> Result<*mut nomo_model, Error> {
    Ok(Box::into_raw(boxed(nomo_model::new(model)?)?))
}
