//! Arrow arrays through the C ABI, built by hand as in C.

#![allow(clippy::multiple_unsafe_ops_per_block, reason = "paths through structs of C")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use nomogram::ffi::*;
use nomogram_testkit::bundle_of_every_kind;
use proptest::prelude::*;

/// What keeps C structs alive is leaked: these are tests.
fn leak<T>(value: T) -> *mut T {
    Box::leak(Box::new(value))
}

fn leak_text(text: &str) -> *const c_char {
    CString::new(text).unwrap().into_raw()
}

/// A buffer that is aligned for every type.
fn buffer<T: Copy>(values: &[T]) -> *const c_void {
    shifted(values, 0)
}

/// A buffer that begins `shift` bytes (at most 8) after an aligned address.
fn shifted<T: Copy>(values: &[T], shift: usize) -> *const c_void {
    let words = vec![0_u64; size_of_val(values) / 8 + 2].leak();
    let start = words.as_mut_ptr().cast::<u8>().wrapping_add(shift);
    // SAFETY: there is room for all values.
    unsafe { ptr::copy_nonoverlapping(values.as_ptr().cast(), start, size_of_val(values)) };
    start.cast_const().cast()
}

fn bitmap(bits: &[bool]) -> *const c_void {
    let mut bytes = vec![0_u8; bits.len() / 8 + 1];
    for (index, bit) in bits.iter().enumerate() {
        bytes[index / 8] |= u8::from(*bit) << (index % 8);
    }
    buffer(&bytes)
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: the library must not call this at all.
    unsafe { (*schema).release = None };
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: as above.
    unsafe { (*array).release = None };
}

type Made = (*mut ArrowSchema, *mut ArrowArray);

fn made(
    (name, format): (&str, &str),
    (length, offset): (usize, usize),
    buffers: &[*const c_void],
    children: &[Made],
) -> Made {
    let (schemas, arrays): (Vec<_>, Vec<_>) = children.iter().copied().unzip();
    let schema = ArrowSchema {
        format: leak_text(format),
        name: leak_text(name),
        metadata: ptr::null(),
        flags: 2,
        n_children: children.len() as i64,
        children: schemas.leak().as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: ptr::null_mut(),
    };
    let array = ArrowArray {
        length: length as i64,
        null_count: -1,
        offset: offset as i64,
        n_buffers: buffers.len() as i64,
        n_children: children.len() as i64,
        buffers: buffers.to_vec().leak().as_mut_ptr(),
        children: arrays.leak().as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: ptr::null_mut(),
    };
    (leak(schema), leak(array))
}

/// Metadata with one key.
fn metadata(key: &str, value: &str) -> *const c_char {
    let number = |n: usize| i32::try_from(n).unwrap().to_ne_bytes();
    let (key_len, value_len) = (number(key.len()), number(value.len()));
    let parts: [&[u8]; 5] = [&number(1), &key_len, key.as_bytes(), &value_len, value.as_bytes()];
    parts.concat().leak().as_ptr().cast()
}

/// A row of the model.
#[derive(Clone, Debug)]
struct Row {
    age: Option<f64>,
    visits: Option<i32>,
    smoker: Option<bool>,
    stage: Option<&'static str>,
    dose: Option<f64>,
}

fn a_row() -> impl Strategy<Value = Row> {
    let stage = prop::sample::select(vec!["I", "II", "III", "IV", ""]);
    let age = prop_oneof![4 => 0.0..1500.0, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    let dose = prop_oneof![8 => 0.0..1.0, 1 => Just(f64::NAN), 1 => Just(1e99)];
    (
        prop::option::of(age),
        prop::option::of(-3..120),
        prop::option::of(any::<bool>()),
        prop::option::of(stage),
        prop::option::weighted(0.9, dose),
    )
        .prop_map(|(age, visits, smoker, stage, dose)| Row {
            age,
            visits,
            smoker,
            stage,
            dose,
        })
}

fn ages_in_months(schema: *mut ArrowSchema) {
    // SAFETY: made by `made`.
    unsafe { (*schema).metadata = metadata("unit", "mo") };
}

/// Where the values of an array are in its buffers.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Rows before the offset of the struct array.
    skipped: usize,
    /// Elements of each child before the offset of the child.
    child_offset: usize,
    /// Bytes between an aligned address and each buffer.
    shift: usize,
}

/// Aligned buffers, with offsets.
const ALIGNED: Place = Place { skipped: 1, child_offset: 2, shift: 0 };

/// The rows as a struct array.
fn arrow_of(rows: &[Row], place: Place, with_dictionary: bool) -> Made {
    let Place { skipped, child_offset, shift } = place;
    let n = rows.len() + skipped;
    // What lies before an offset is never looked at, so it may be anything.
    let empty = Row { age: None, visits: None, smoker: None, stage: None, dose: None };
    let all: Vec<Row> =
        std::iter::repeat_n(empty, child_offset + skipped).chain(rows.iter().cloned()).collect();
    let valid =
        |is_valid: &dyn Fn(&Row) -> bool| bitmap(&all.iter().map(is_valid).collect::<Vec<_>>());
    let doubles = |get: &dyn Fn(&Row) -> Option<f64>| {
        shifted(&all.iter().map(|row| get(row).unwrap_or(7.0)).collect::<Vec<_>>(), shift)
    };
    let at = (n, child_offset);
    let age = [valid(&|row| row.age.is_some()), doubles(&|row| row.age)];
    let dose = [valid(&|row| row.dose.is_some()), doubles(&|row| row.dose)];
    let visits: Vec<i32> = all.iter().map(|row| row.visits.unwrap_or(-1)).collect();
    let visits = shifted(&visits, shift);
    let smoker: Vec<bool> = all.iter().map(|row| row.smoker.unwrap_or(true)).collect();
    let age = made(("age", "g"), at, &age, &[]);
    ages_in_months(age.0);
    let stages = valid(&|row| row.stage.is_some());
    let children = [
        made(("dose", "g"), at, &dose, &[]),
        made(("stage", "u"), at, &[], &[]),
        made(("smoker", "b"), at, &[valid(&|row| row.smoker.is_some()), bitmap(&smoker)], &[]),
        age,
        made(("visits", "i"), at, &[valid(&|row| row.visits.is_some()), visits], &[]),
    ];
    let texts = |texts: &[&str]| {
        let mut ends = vec![0_i32];
        for text in texts {
            ends.push(ends.last().unwrap() + i32::try_from(text.len()).unwrap());
        }
        (shifted(&ends, shift), shifted(texts.concat().as_bytes(), shift))
    };
    let stage = if with_dictionary {
        let levels = ["IV", "I", "", "III", "II"];
        let (ends, bytes) = texts(&levels);
        let dictionary = made(("", "u"), (5, 0), &[ptr::null(), ends, bytes], &[]);
        let index = |row: &Row| {
            row.stage.map_or(99_u16, |stage| {
                levels.iter().position(|l| *l == stage).unwrap().try_into().unwrap()
            })
        };
        let indices: Vec<u16> = all.iter().map(index).collect();
        let stage = made(("stage", "S"), at, &[stages, shifted(&indices, shift)], &[]);
        // SAFETY: made just now.
        unsafe { (*stage.0).dictionary = dictionary.0 };
        // SAFETY: as above.
        unsafe { (*stage.1).dictionary = dictionary.1 };
        stage
    } else {
        let names: Vec<&str> = all.iter().map(|row| row.stage.unwrap_or("?")).collect();
        let (ends, bytes) = texts(&names);
        made(("stage", "u"), at, &[stages, ends, bytes], &[])
    };
    let children = [children[0], stage, children[2], children[3], children[4]];
    made(("", "+s"), (rows.len(), skipped), &[ptr::null()], &children)
}

fn init<T: Copy>() -> T {
    // SAFETY: zeros are a value of every struct of the C ABI.
    let mut value: T = unsafe { std::mem::zeroed() };
    // SAFETY: each begins with its size.
    unsafe { (&raw mut value).cast::<u32>().write(u32::try_from(size_of::<T>()).unwrap()) };
    value
}

/// What rows get: the bits of their probabilities, their statuses and flags.
#[derive(Clone, Debug, PartialEq)]
struct Got {
    probabilities: Vec<u64>,
    status: Vec<i32>,
    flags: Vec<u32>,
}

struct Opened {
    model: *mut nomo_model,
    session: *mut nomo_session,
}

impl Opened {
    fn new() -> Self {
        let (bundle, none) = (bundle_of_every_kind(), ptr::null_mut());
        let (mut model, mut session) = (ptr::null_mut(), ptr::null_mut());
        let bytes = bundle.as_ptr().cast();
        // SAFETY: the pointers are as the header asks for.
        let opened =
            unsafe { nomo_model_open_memory(bytes, bundle.len(), ptr::null(), &mut model, none) };
        assert_eq!(opened, NOMO_OK);
        // SAFETY: as above.
        assert_eq!(unsafe { nomo_session_create(model, &mut session, none) }, NOMO_OK);
        Self { model, session }
    }

    fn got(n_rows: usize, call: impl FnOnce(&nomo_outputs) -> i32) -> (i32, Got) {
        let mut probabilities = vec![0.0; 2 * n_rows];
        let (mut status, mut flags) = (vec![0; n_rows], vec![0; n_rows]);
        let outputs = nomo_outputs {
            on_refusal: NOMO_ON_REFUSAL_GO_ON,
            probabilities: probabilities.as_mut_ptr(),
            probabilities_len: probabilities.len(),
            row_status: status.as_mut_ptr(),
            row_status_len: n_rows,
            row_flags: flags.as_mut_ptr(),
            row_flags_len: n_rows,
            ..init()
        };
        let called = call(&outputs);
        let probabilities = probabilities.into_iter().map(f64::to_bits).collect();
        (called, Got { probabilities, status, flags })
    }

    fn arrow(&self, (schema, array): Made, n_rows: usize, flags: u32) -> (i32, Got) {
        Self::got(n_rows, |outputs| {
            let mut error = init::<nomo_error>();
            // SAFETY: as the header asks for, or refused.
            unsafe {
                nomo_session_predict_arrow(self.session, schema, array, flags, outputs, &mut error)
            }
        })
    }

    fn status(&self, made: Made, n_rows: usize) -> i32 {
        self.arrow(made, n_rows, 0).0
    }

    fn columns(&self, rows: &[Row]) -> (i32, Got) {
        let valid = |is_valid: &dyn Fn(&Row) -> bool| {
            bitmap(&rows.iter().map(is_valid).collect::<Vec<_>>()).cast()
        };
        let column = |feature, element_type, values, validity| nomo_column {
            feature,
            element_type,
            values,
            values_len: rows.len(),
            validity,
            validity_len: rows.len() / 8 + 1,
            ..init()
        };
        let ages: Vec<f64> = rows.iter().map(|row| row.age.unwrap_or(1.0)).collect();
        let visits: Vec<i32> = rows.iter().map(|row| row.visits.unwrap_or(1)).collect();
        let smoker: Vec<u8> = rows.iter().map(|row| row.smoker.unwrap_or(true).into()).collect();
        let stage: Vec<_> = rows.iter().map(|r| r.stage.map_or(ptr::null(), leak_text)).collect();
        let doses: Vec<f64> = rows.iter().map(|row| row.dose.unwrap_or(1.0)).collect();
        let mut columns = [
            column(0, NOMO_TYPE_DOUBLE, buffer(&ages), valid(&|row| row.age.is_some())),
            column(1, NOMO_TYPE_INT32, buffer(&visits), valid(&|row| row.visits.is_some())),
            column(2, NOMO_TYPE_BOOLEAN, buffer(&smoker), valid(&|row| row.smoker.is_some())),
            column(3, NOMO_TYPE_TEXT, buffer(&stage), valid(&|row| row.stage.is_some())),
            column(4, NOMO_TYPE_DOUBLE, buffer(&doses), valid(&|row| row.dose.is_some())),
        ];
        columns[0].unit = c"mo".as_ptr();
        let none = ptr::null_mut();
        Self::got(rows.len(), |outputs| {
            let (start, n) = (columns.as_ptr(), columns.len());
            // SAFETY: as the header asks for.
            unsafe {
                nomo_session_predict_columns(self.session, start, n, rows.len(), outputs, none)
            }
        })
    }

    fn row(&self, row: &Row) -> Got {
        let (session, none) = (self.session, ptr::null_mut());
        // SAFETY: as the header asks for, here and below.
        let missing = |at| unsafe { nomo_session_set_missing(session, at, ptr::null(), none) };
        let months = c"mo".as_ptr();
        let stated = [
            row.age.map_or_else(
                || missing(0),
                // SAFETY: as above.
                |v| unsafe { nomo_session_set_number_in(session, 0, v, months, none) },
            ),
            row.visits.map_or_else(
                || missing(1),
                // SAFETY: as above.
                |v| unsafe { nomo_session_set_integer(session, 1, v.into(), none) },
            ),
            row.smoker.map_or_else(
                || missing(2),
                // SAFETY: as above.
                |v| unsafe { nomo_session_set_boolean(session, 2, v.into(), none) },
            ),
            row.stage.map_or_else(
                || missing(3),
                // SAFETY: as above.
                |v| unsafe { nomo_session_set_text(session, 3, leak_text(v), none) },
            ),
            row.dose.map_or_else(
                || missing(4),
                // SAFETY: as above.
                |v| unsafe { nomo_session_set_number(session, 4, v, none) },
            ),
        ];
        assert_eq!(stated, [NOMO_OK; 5]);
        let (called, got) = Self::got(1, |outputs| {
            // SAFETY: as above.
            unsafe { nomo_session_predict(session, outputs, none) }
        });
        assert_eq!(called, NOMO_OK);
        got
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: created in `new`, and not used any more.
        unsafe { nomo_session_destroy(self.session) };
        // SAFETY: as above.
        unsafe { nomo_model_release(self.model) };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn arrow_is_columns_is_rows(
        rows in prop::collection::vec(a_row(), 0..40),
        skipped in 0_usize..12,
        child_offset in 0_usize..12,
        shift in 0_usize..8,
        with_dictionary in any::<bool>(),
    ) {
        let opened = Opened::new();
        let array = arrow_of(&rows, Place { skipped, child_offset, shift }, with_dictionary);
        let (status, by_arrow) = opened.arrow(array, rows.len(), 0);
        prop_assert_eq!(status, NOMO_OK);
        let (status, by_columns) = opened.columns(&rows);
        prop_assert_eq!(status, NOMO_OK);
        prop_assert_eq!(&by_arrow, &by_columns);
        for (index, row) in rows.iter().enumerate() {
            let got = opened.row(row);
            prop_assert_eq!(&got.probabilities[..], &by_arrow.probabilities[2 * index..][..2]);
            prop_assert_eq!(got.status[0], by_arrow.status[index]);
            prop_assert_eq!(got.flags[0], by_arrow.flags[index]);
        }
    }
}

fn three_rows() -> Vec<Row> {
    let row = Row {
        age: Some(600.0),
        visits: Some(3),
        smoker: Some(true),
        stage: Some("II"),
        dose: Some(20.0),
    };
    vec![row.clone(), Row { age: None, stage: None, ..row.clone() }, Row { dose: None, ..row }]
}

type Break<T> = fn(&mut T);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn each_broken_field_is_refused() {
    let opened = Opened::new();
    let fresh = |with_dictionary| arrow_of(&three_rows(), ALIGNED, with_dictionary);
    assert_eq!(opened.status(fresh(true), 3), NOMO_OK);

    let (null, columns) = (NOMO_EARGUMENT_NULL, NOMO_ESCHEMA_COLUMNS);
    let (option, arrow, alignment) =
        (NOMO_EARGUMENT_OPTION, NOMO_EUNSUPPORTED_ARROW, NOMO_EARGUMENT_ALIGNMENT);
    let of_parent: &[(&str, i32, Break<ArrowSchema>)] = &[
        ("format", null, |s| s.format = ptr::null()),
        ("format", arrow, |s| s.format = c"+l".as_ptr()),
        ("n_children", columns, |s| s.n_children = 4),
        ("n_children", columns, |s| s.n_children = -1),
        ("n_children", columns, |s| s.n_children = i64::MAX),
        ("children", null, |s| s.children = ptr::null_mut()),
        ("children", alignment, |s| s.children = s.children.wrapping_byte_add(1)),
        ("dictionary", columns, |s| s.dictionary = s),
        ("release", option, |s| s.release = None),
    ];
    for (field, status, break_it) in of_parent {
        let (schema, array) = fresh(false);
        // SAFETY: made just now.
        break_it(unsafe { &mut *schema });
        assert_eq!(opened.status((schema, array), 3), *status, "schema.{field}");
    }
    let of_parent: &[(&str, i32, Break<ArrowArray>)] = &[
        ("length", columns, |a| a.length = -1),
        ("length", columns, |a| a.length = i64::MAX),
        ("length", columns, |a| a.length = 400),
        ("null_count", columns, |a| a.null_count = -2),
        ("null_count", columns, |a| a.null_count = 4),
        ("null_count", columns, |a| a.null_count = 1),
        ("offset", columns, |a| a.offset = -1),
        ("offset", columns, |a| a.offset = 400),
        ("offset", columns, |a| a.offset = i64::MAX),
        ("n_buffers", columns, |a| a.n_buffers = 0),
        ("n_buffers", columns, |a| a.n_buffers = -1),
        ("n_children", columns, |a| a.n_children = 6),
        ("n_children", columns, |a| a.n_children = -1),
        ("buffers", null, |a| a.buffers = ptr::null_mut()),
        ("buffers", alignment, |a| a.buffers = a.buffers.wrapping_byte_add(1)),
        ("children", null, |a| a.children = ptr::null_mut()),
        ("dictionary", columns, |a| a.dictionary = a),
        ("release", option, |a| a.release = None),
    ];
    for (field, status, break_it) in of_parent {
        let (schema, array) = fresh(false);
        // SAFETY: made just now.
        break_it(unsafe { &mut *array });
        assert_eq!(opened.status((schema, array), 3), *status, "array.{field}");
    }

    let child_schema = |made: Made, index| {
        // SAFETY: made by `arrow_of`, with five children.
        unsafe { &mut **(*made.0).children.add(index) }
    };
    let child_array = |made: Made, index| {
        // SAFETY: as above.
        unsafe { &mut **(*made.1).children.add(index) }
    };
    let of_child: &[(&str, usize, i32, Break<ArrowSchema>)] = &[
        ("format", 0, null, |s| s.format = ptr::null()),
        ("format", 0, arrow, |s| s.format = c"tdD".as_ptr()),
        ("format", 0, arrow, |s| s.format = c"".as_ptr()),
        ("format", 0, columns, |s| s.format = c"u".as_ptr()),
        ("format", 0, columns, |s| s.format = c"n".as_ptr()),
        ("name", 0, columns, |s| s.name = ptr::null()),
        ("name", 0, columns, |s| s.name = c"\xff".as_ptr()),
        ("name", 0, columns, |s| s.name = c"Dose".as_ptr()),
        ("name", 0, columns, |s| s.name = c"visits".as_ptr()),
        ("metadata", 0, columns, |s| s.metadata = buffer(&[-1_i32]).cast()),
        ("metadata", 0, columns, |s| s.metadata = buffer(&[1_i32, -5]).cast()),
        ("metadata", 0, NOMO_EARGUMENT_UNIT, |s| s.metadata = metadata("unit", "kg")),
        ("metadata", 0, NOMO_EARGUMENT_UNIT, |s| s.metadata = metadata("unit", "")),
        ("metadata", 1, NOMO_EARGUMENT_UNIT, |s| s.metadata = metadata("unit", "mg")),
        ("metadata", 4, NOMO_EARGUMENT_UNIT, |s| s.metadata = metadata("unit", "1")),
        ("n_children", 0, columns, |s| s.n_children = 1),
        ("dictionary", 0, columns, |s| s.dictionary = s),
        ("dictionary", 1, columns, |s| s.dictionary = ptr::null_mut()),
        ("release", 0, option, |s| s.release = None),
        // SAFETY: the one with a dictionary.
        ("dictionary.format", 1, columns, |s| unsafe { &mut *s.dictionary }.format = c"g".as_ptr()),
        // SAFETY: as above.
        ("dictionary.release", 1, option, |s| unsafe { &mut *s.dictionary }.release = None),
    ];
    for (field, index, status, break_it) in of_child {
        let made = fresh(true);
        break_it(child_schema(made, *index));
        assert_eq!(opened.status(made, 3), *status, "child schema {index}.{field}");
    }
    fn set_buffer(array: &mut ArrowArray, index: usize, buffer: *const c_void) {
        // SAFETY: made by `made` with as many buffers.
        unsafe { *array.buffers.add(index) = buffer };
    }
    let of_child: &[(&str, usize, bool, i32, Break<ArrowArray>)] = &[
        ("length", 0, true, columns, |a| a.length = 3),
        ("length", 0, true, columns, |a| a.length = -1),
        ("null_count", 0, true, columns, |a| a.null_count = -2),
        ("offset", 0, true, columns, |a| a.offset = -1),
        ("offset", 0, true, columns, |a| a.offset = i64::MAX),
        ("n_buffers", 0, true, columns, |a| a.n_buffers = 3),
        ("n_children", 0, true, columns, |a| a.n_children = 1),
        ("buffers", 0, true, null, |a| a.buffers = ptr::null_mut()),
        ("dictionary", 0, true, columns, |a| a.dictionary = a),
        ("dictionary", 1, true, columns, |a| a.dictionary = ptr::null_mut()),
        ("release", 0, true, option, |a| a.release = None),
        ("values", 0, true, null, |a| set_buffer(a, 1, ptr::null())),
        ("values", 2, true, null, |a| set_buffer(a, 1, ptr::null())),
        ("ends", 1, false, null, |a| set_buffer(a, 1, ptr::null())),
        ("ends", 1, false, columns, |a| set_buffer(a, 1, buffer(&[0_i32, 0, 0, 5, 4, 4, 4]))),
        ("ends", 1, false, columns, |a| set_buffer(a, 1, buffer(&[-2_i32; 7]))),
        ("bytes", 1, false, null, |a| set_buffer(a, 2, ptr::null())),
        ("indices", 1, true, columns, |a| set_buffer(a, 1, buffer(&[5_u16; 6]))),
        // SAFETY: the one with a dictionary.
        ("dictionary.length", 1, true, columns, |a| unsafe { &mut *a.dictionary }.length = -1),
        // SAFETY: as above.
        ("dictionary.length", 1, true, columns, |a| unsafe { &mut *a.dictionary }.length = 2),
        // SAFETY: as above.
        ("dictionary.release", 1, true, option, |a| unsafe { &mut *a.dictionary }.release = None),
    ];
    for (field, index, with_dictionary, status, break_it) in of_child {
        let made = fresh(*with_dictionary);
        break_it(child_array(made, *index));
        assert_eq!(opened.status(made, 3), *status, "child array {index}.{field}");
    }
    let (schema, array) = fresh(false);
    assert_eq!(opened.status((ptr::null_mut(), array), 3), null);
    assert_eq!(opened.status((schema, ptr::null_mut()), 3), null);
    assert_eq!(opened.status((schema.wrapping_byte_add(1), array), 3), alignment);
    assert_eq!(opened.status((schema, array.wrapping_byte_add(1)), 3), alignment);
    assert_eq!(opened.arrow((schema, array), 3, 2).0, option);
    child_schema((schema, array), 3).name = c"other".as_ptr();
    assert_eq!(opened.status((schema, array), 3), columns);
    assert_eq!(opened.arrow((schema, array), 3, NOMO_ARROW_IGNORE_OTHER_COLUMNS).0, NOMO_OK);
}

#[test]
fn written_predictions_have_the_same_bits_and_are_released() {
    let rows = three_rows();
    let opened = Opened::new();
    let (schema, array) = arrow_of(&rows, ALIGNED, true);
    let expected = opened.arrow((schema, array), 3, 0).1;
    // SAFETY: zeros are a released struct.
    let (mut out_schema, mut out_array): (ArrowSchema, ArrowArray) = unsafe { std::mem::zeroed() };
    let session = opened.session;
    let mut predict = |on_refusal| {
        let (out_schema, out_array) = (&raw mut out_schema, &raw mut out_array);
        let none = ptr::null_mut();
        // SAFETY: as the header asks for.
        unsafe {
            nomo_session_predict_to_arrow(
                session, schema, array, 0, on_refusal, out_schema, out_array, none,
            )
        }
    };
    assert_eq!(predict(NOMO_ON_REFUSAL_STOP), NOMO_EVALUE_MISSING);
    assert_eq!(predict(7), NOMO_EARGUMENT_OPTION);
    assert_eq!(predict(NOMO_ON_REFUSAL_GO_ON), NOMO_OK);
    drop(opened);

    let n = usize::try_from(out_array.n_children).unwrap();
    // SAFETY: the struct has that many children, here and below.
    let schemas = unsafe { std::slice::from_raw_parts(out_schema.children, n) };
    // SAFETY: as above.
    let arrays = unsafe { std::slice::from_raw_parts(out_array.children, n) };
    // SAFETY: as above.
    let text = |text: *const c_char| unsafe { CStr::from_ptr(text) }.to_str().unwrap();
    let types: Vec<_> = schemas
        .iter()
        // SAFETY: as above.
        .map(|child| unsafe { &**child })
        .map(|child| (text(child.name), text(child.format)))
        .collect();
    let names = [
        ("probability_low", "g"),
        ("probability_high", "g"),
        ("class", "u"),
        ("status", "i"),
        ("flags", "I"),
        ("cutoff_refer", "b"),
    ];
    assert_eq!(types, names);
    // SAFETY: as above.
    let nulls: Vec<i64> = arrays.iter().map(|child| unsafe { &**child }.null_count).collect();
    assert_eq!(nulls, [1, 1, 1, 0, 0, 1]);
    for (class, array) in arrays.iter().enumerate().take(2) {
        // SAFETY: doubles of three rows.
        let values = unsafe { *(**array).buffers.add(1) }.cast::<[f64; 3]>();
        // SAFETY: as above.
        let bits = unsafe { *values }.map(f64::to_bits);
        let of_class = expected.probabilities.iter().skip(class).step_by(2).copied();
        assert_eq!(bits[..2], of_class.collect::<Vec<_>>()[..2]);
        assert!(f64::from_bits(bits[2]).is_nan());
    }
    // SAFETY: integers of three rows.
    let status = unsafe { *(*arrays[3]).buffers.add(1) }.cast::<[i32; 3]>();
    // SAFETY: as above.
    assert_eq!(unsafe { *status }[..], expected.status);

    // One child is moved out, and stays valid when the others are released.
    // SAFETY: as the Arrow C Data Interface allows.
    let mut moved = unsafe { arrays[0].read() };
    // SAFETY: as above.
    unsafe { (*arrays[0]).release = None };
    let release = out_array.release.unwrap();
    // SAFETY: as above; a second time it does nothing.
    unsafe { release(&mut out_array) };
    assert!(out_array.release.is_none());
    // SAFETY: as above.
    unsafe { release(&mut out_array) };
    // SAFETY: as above.
    unsafe { out_schema.release.unwrap()(&mut out_schema) };
    assert!(out_schema.release.is_none());
    // SAFETY: doubles of three rows.
    let first = unsafe { *(*moved.buffers.add(1)).cast::<f64>() };
    assert_eq!(first.to_bits(), expected.probabilities[0]);
    // SAFETY: as above.
    unsafe { moved.release.unwrap()(&mut moved) };
}

#[test]
fn every_feature_of_a_null_row_is_missing() {
    let opened = Opened::new();
    let (schema, array) = arrow_of(&three_rows(), ALIGNED, false);
    // SAFETY: made just now, with one buffer.
    unsafe { *(*array).buffers = bitmap(&[true, false, true, true]) };
    let got = opened.arrow((schema, array), 3, 0).1;
    assert_eq!(got.status, [NOMO_EVALUE_MISSING, NOMO_OK, NOMO_EVALUE_MISSING]);
}
