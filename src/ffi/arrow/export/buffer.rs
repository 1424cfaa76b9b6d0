//! The memory of a buffer of an exported array.

use alloc::vec::Vec;
use core::ffi::c_void;

use crate::error::{Error, ErrorKind};

/// The alignment that Arrow recommends for buffers, in bytes.
const CHUNK: usize = 64;

/// The memory of a buffer, padded with zeros; never empty.
pub(in crate::ffi) struct Buffer(Vec<Chunk>);

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Chunk([u8; CHUNK]);

impl Buffer {
    /// A buffer of at least `n_bytes` bytes, all 0.
    pub(in crate::ffi) fn zeroed(n_bytes: usize) -> Result<Self, Error> {
        let n_chunks = n_bytes.div_ceil(CHUNK).max(1);
        let mut chunks = Vec::new();
        if chunks.try_reserve_exact(n_chunks).is_err() {
            return Err(Error::new(ErrorKind::OutOfMemory, "not enough memory for the columns"));
        }
        chunks.resize(n_chunks, Chunk([0; CHUNK]));
        Ok(Self(chunks))
    }

    pub(in crate::ffi) fn of_elements<T>(len: usize) -> Result<Self, Error> {
        Self::zeroed(len.saturating_mul(size_of::<T>()))
    }

    pub(in crate::ffi) fn of_bits(len: usize) -> Result<Self, Error> {
        Self::zeroed(len.div_ceil(8))
    }

    /// Writes an element, whose size divides that of a chunk.
    pub(in crate::ffi) fn put<const N: usize>(&mut self, index: usize, element: [u8; N]) {
        const { assert!(CHUNK.is_multiple_of(N)) };
        let at = index * N;
        let chunk = self.0.get_mut(at / CHUNK);
        if let Some(room) = chunk.and_then(|chunk| chunk.0.get_mut(at % CHUNK..at % CHUNK + N)) {
            room.copy_from_slice(&element);
        }
    }

    pub(in crate::ffi) fn set_bit(&mut self, index: usize) {
        let (byte, bit) = (index / 8, index % 8);
        let chunk = self.0.get_mut(byte / CHUNK);
        if let Some(byte) = chunk.and_then(|chunk| chunk.0.get_mut(byte % CHUNK)) {
            *byte |= 1 << bit;
        }
    }

    pub(in crate::ffi) fn copy(&self) -> Result<Self, Error> {
        let mut copy = Self::zeroed(self.0.len() * CHUNK)?;
        copy.0.copy_from_slice(&self.0);
        Ok(copy)
    }

    pub(in crate::ffi) fn start(&self) -> *const c_void {
        self.0.as_ptr().cast()
    }
}
