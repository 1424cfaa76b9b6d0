//! Predictions as Arrow arrays, which their consumer releases.

use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::{CStr, c_void};
use core::ptr;

use super::{ArrowArray, ArrowSchema};
use crate::error::{Error, ErrorKind};
use crate::ffi::boundary::refused;
use crate::ffi::outputs::{NOMO_NO_CLASS, class_index};
use crate::ffi::status::NOMO_OK;
use crate::model::Model;
use crate::prediction::Prediction;

/// A column may hold nulls: `ARROW_FLAG_NULLABLE`.
const NULLABLE: i64 = 2;

/// As many bytes as Arrow recommends buffers to be aligned to.
const CHUNK: usize = 64;

/// The memory of a buffer, padded with zeros; never empty.
struct Buffer(Vec<Chunk>);

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Chunk([u8; CHUNK]);

impl Buffer {
    /// Room for so many bytes, all 0.
    fn zeroed(n_bytes: usize) -> Result<Self, Error> {
        let n_chunks = n_bytes.div_ceil(CHUNK).max(1);
        let mut chunks = Vec::new();
        if chunks.try_reserve_exact(n_chunks).is_err() {
            return Err(Error::new(ErrorKind::OutOfMemory, "no room for the columns"));
        }
        chunks.resize(n_chunks, Chunk([0; CHUNK]));
        Ok(Self(chunks))
    }

    fn of_elements<T>(n: usize) -> Result<Self, Error> {
        Self::zeroed(n.saturating_mul(size_of::<T>()))
    }

    fn of_bits(n: usize) -> Result<Self, Error> {
        Self::zeroed(n.div_ceil(8))
    }

    /// Writes an element, whose size divides that of a chunk.
    fn put<const N: usize>(&mut self, index: usize, element: [u8; N]) {
        const { assert!(CHUNK.is_multiple_of(N)) };
        let at = index * N;
        let chunk = self.0.get_mut(at / CHUNK);
        if let Some(room) = chunk.and_then(|chunk| chunk.0.get_mut(at % CHUNK..at % CHUNK + N)) {
            room.copy_from_slice(&element);
        }
    }

    fn set_bit(&mut self, index: usize) {
        let (byte, bit) = (index / 8, index % 8);
        let chunk = self.0.get_mut(byte / CHUNK);
        if let Some(byte) = chunk.and_then(|chunk| chunk.0.get_mut(byte % CHUNK)) {
            *byte |= 1 << bit;
        }
    }

    fn copy(&self) -> Result<Self, Error> {
        let mut copy = Self::zeroed(self.0.len() * CHUNK)?;
        copy.0.copy_from_slice(&self.0);
        Ok(copy)
    }
}

/// Predictions as they come in.
pub(super) struct Predicted<'m> {
    model: &'m Model,
    n_rows: usize,
    /// Of each output the numbers.
    outputs: Vec<Buffer>,
    class_indices: Vec<u32>,
    status: Buffer,
    flags: Buffer,
    /// Of each cutoff, whether the rows reach it.
    cutoffs: Vec<Buffer>,
    /// Which rows were predicted.
    is_predicted: Buffer,
    n_refused: usize,
}

/// One column, ready to be handed out.
struct Column {
    name: CString,
    format: &'static CStr,
    is_nullable: bool,
    null_count: usize,
    /// Those after the validity bitmap.
    buffers: Vec<Buffer>,
    validity: Option<Buffer>,
}

impl<'m> Predicted<'m> {
    pub(super) fn new(model: &'m Model, n_rows: usize) -> Result<Self, Error> {
        let mut class_indices = Vec::new();
        if class_indices.try_reserve_exact(n_rows).is_err() {
            return Err(Error::new(ErrorKind::OutOfMemory, "no room for the columns"));
        }
        class_indices.resize(n_rows, NOMO_NO_CLASS);
        let outputs = (0..model.schema().n_outputs()).map(|_| Buffer::of_elements::<f64>(n_rows));
        let cutoffs = model.cutoffs().iter().map(|_| Buffer::of_bits(n_rows));
        Ok(Self {
            model,
            n_rows,
            outputs: outputs.collect::<Result<_, _>>()?,
            class_indices,
            status: Buffer::of_elements::<i32>(n_rows)?,
            flags: Buffer::of_elements::<u32>(n_rows)?,
            cutoffs: cutoffs.collect::<Result<_, _>>()?,
            is_predicted: Buffer::of_bits(n_rows)?,
            n_refused: 0,
        })
    }

    pub(super) fn write(&mut self, row: usize, prediction: Result<Prediction<'_>, Error>) {
        let prediction = match prediction {
            Ok(prediction) => prediction,
            Err(error) => return self.refuse(row, &error),
        };
        for (buffer, output) in self.outputs.iter_mut().zip(prediction.outputs()) {
            buffer.put(row, output.to_ne_bytes());
        }
        if let Some(index) = self.class_indices.get_mut(row) {
            *index = class_index(&prediction);
        }
        self.status.put(row, NOMO_OK.to_ne_bytes());
        self.flags.put(row, u32::from(prediction.flags().bits()).to_ne_bytes());
        for (buffer, cutoff) in self.cutoffs.iter_mut().zip(self.model.cutoffs()) {
            if cutoff.is_reached_by(prediction.outputs()) {
                buffer.set_bit(row);
            }
        }
        self.is_predicted.set_bit(row);
    }

    /// Who overlooks that a probability is null shall not read one.
    fn refuse(&mut self, row: usize, error: &Error) {
        for buffer in &mut self.outputs {
            buffer.put(row, f64::NAN.to_ne_bytes());
        }
        self.status.put(row, error.kind().status().to_ne_bytes());
        self.n_refused += 1;
    }

    /// The structs, whose memory is the caller's from now on.
    pub(super) fn finish(self) -> Result<(ArrowSchema, ArrowArray), Error> {
        let target = self.model.schema().target();
        let classes = self.class_column()?;
        let (is_predicted, null_count) = (&self.is_predicted, self.n_refused);
        let nullable = |name: CString, format, buffer| {
            let validity = (null_count > 0).then(|| is_predicted.copy()).transpose()?;
            let buffers = Vec::from([buffer]);
            Ok::<_, Error>(Column {
                name,
                format,
                is_nullable: true,
                null_count,
                buffers,
                validity,
            })
        };
        let plain = |name: &CStr, format, buffer| Column {
            name: name.into(),
            format,
            is_nullable: false,
            null_count: 0,
            buffers: Vec::from([buffer]),
            validity: None,
        };
        let mut names: Vec<CString> = Vec::new();
        for class in target.classes() {
            names.push(text(format!("probability_{class}"))?);
        }
        if names.is_empty() {
            names.push(text(target.name())?);
        }
        let mut columns = Vec::new();
        for (name, buffer) in names.into_iter().zip(self.outputs) {
            columns.push(nullable(name, c"g", buffer)?);
        }
        columns.push(classes);
        columns.push(plain(c"status", c"i", self.status));
        columns.push(plain(c"flags", c"I", self.flags));
        for (cutoff, buffer) in self.model.cutoffs().iter().zip(self.cutoffs) {
            columns.push(nullable(text(format!("cutoff_{}", cutoff.name))?, c"b", buffer)?);
        }
        Ok(handed_out(columns, self.n_rows))
    }

    fn class_column(&self) -> Result<Column, Error> {
        let classes = self.model.schema().target().classes();
        let name_of = |index: &u32| classes.get(*index as usize).map_or("", |name| name.as_str());
        let n_bytes = self.class_indices.iter().map(|index| name_of(index).len()).sum::<usize>();
        if i32::try_from(n_bytes).is_err() {
            return Err(refused(ErrorKind::Shape, "array", "has too many rows for `class`"));
        }
        let mut ends = Buffer::of_elements::<i32>(self.n_rows.saturating_add(1))?;
        let mut names = Buffer::zeroed(n_bytes)?;
        let mut validity = Buffer::of_bits(self.n_rows)?;
        let (mut end, mut null_count) = (0, 0);
        for (row, index) in self.class_indices.iter().enumerate() {
            for byte in name_of(index).bytes() {
                names.put(end, [byte]);
                end += 1;
            }
            ends.put(row + 1, i32::try_from(end).unwrap_or(i32::MAX).to_ne_bytes());
            if *index == NOMO_NO_CLASS {
                null_count += 1;
            } else {
                validity.set_bit(row);
            }
        }
        Ok(Column {
            name: c"class".into(),
            format: c"u",
            is_nullable: true,
            null_count,
            buffers: Vec::from([ends, names]),
            validity: (null_count > 0).then_some(validity),
        })
    }
}

/// Names of a model hold no control character, and so no NUL.
fn text(text: impl Into<Vec<u8>>) -> Result<CString, Error> {
    CString::new(text)
        .map_err(|_| Error::invalid_model("a name that ends within, with which no model opens"))
}

/// A struct array of columns.
fn handed_out(columns: Vec<Column>, n_rows: usize) -> (ArrowSchema, ArrowArray) {
    let (mut schemas, mut arrays) = (Vec::new(), Vec::new());
    for column in columns {
        let flags = if column.is_nullable { NULLABLE } else { 0 };
        schemas.push(Box::into_raw(Box::new(schema(
            column.name,
            column.format,
            flags,
            Vec::new(),
        ))));
        let mut buffers = Vec::from([column.validity]);
        buffers.extend(column.buffers.into_iter().map(Some));
        let array = array((n_rows, column.null_count), buffers, Vec::new());
        arrays.push(Box::into_raw(Box::new(array)));
    }
    let array = array((n_rows, 0), Vec::from([None]), arrays);
    (schema(CString::default(), c"+s", 0, schemas), array)
}

/// What a schema or an array owns until it is released.
struct Owned<T> {
    /// Each made by `Box::into_raw`; a consumer may move out what they hold.
    children: Vec<*mut T>,
    pointers: Vec<*const c_void>,
    _buffers: Vec<Option<Buffer>>,
    _name: CString,
}

fn schema(
    name: CString,
    format: &'static CStr,
    flags: i64,
    children: Vec<*mut ArrowSchema>,
) -> ArrowSchema {
    let name_start = name.as_ptr();
    let (pointers, _buffers) = (Vec::new(), Vec::new());
    let mut owned = Box::new(Owned { children, pointers, _buffers, _name: name });
    ArrowSchema {
        format: format.as_ptr(),
        name: name_start,
        metadata: ptr::null(),
        flags,
        n_children: as_i64(owned.children.len()),
        children: owned.children_start(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: Box::into_raw(owned).cast(),
    }
}

fn array(
    (n_rows, null_count): (usize, usize),
    buffers: Vec<Option<Buffer>>,
    children: Vec<*mut ArrowArray>,
) -> ArrowArray {
    let start = |buffer: &Buffer| buffer.0.as_ptr().cast();
    let pointers = buffers.iter().map(|buffer| buffer.as_ref().map_or(ptr::null(), start));
    let (pointers, _name) = (pointers.collect(), CString::default());
    let mut owned = Box::new(Owned { children, pointers, _buffers: buffers, _name });
    ArrowArray {
        length: as_i64(n_rows),
        null_count: as_i64(null_count),
        offset: 0,
        n_buffers: as_i64(owned.pointers.len()),
        n_children: as_i64(owned.children.len()),
        buffers: owned.pointers.as_mut_ptr(),
        children: owned.children_start(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(owned).cast(),
    }
}

impl<T> Owned<T> {
    fn children_start(&mut self) -> *mut *mut T {
        if self.children.is_empty() { ptr::null_mut() } else { self.children.as_mut_ptr() }
    }
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Declares what frees a struct and its children, but those that a consumer has moved out.
macro_rules! release {
    ($release:ident, $type:ty) => {
        /// # Safety
        ///
        /// NULL, released, or made here; nobody else uses it.
        unsafe extern "C" fn $release(own: *mut $type) {
            // SAFETY: as this function's own contract.
            let own = unsafe { own.as_mut() };
            let Some(own) = own else { return };
            if own.release.take().is_none() {
                return;
            }
            // SAFETY: made by `Box::into_raw`, and freed once, since `release` was still there.
            let owned = unsafe { Box::from_raw(own.private_data.cast::<Owned<$type>>()) };
            own.private_data = ptr::null_mut();
            for child in &owned.children {
                // SAFETY: as above.
                let mut child = unsafe { Box::from_raw(*child) };
                if let Some(release) = child.release {
                    // SAFETY: not released, and not moved out.
                    unsafe { release(&raw mut *child) };
                }
            }
        }
    };
}

release!(release_schema, ArrowSchema);
release!(release_array, ArrowArray);
