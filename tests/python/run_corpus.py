"""Runs every case of tests/data/corpus through the C ABI from Python, by ctypes.

    python3 tests/python/run_corpus.py path/to/libnomogram.so [folder of another corpus]

States each case value by value, and all that numbers can state as a row and as matrices of several
layouts. What tests/c/corpus.c does beyond that is not repeated here: this file shows that another
language reaches the same bits, and is a pattern for bindings.
"""

import ctypes
import math
import struct
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t
from ctypes import c_uint8, c_uint32, c_uint64, c_void_p
from pathlib import Path

import corpus
from reference.intake import Refused, convert, kind_of, levels

NO_CLASS, NONE, STOP, GO_ON, F64, REFUSED = 2**32 - 1, 2**64 - 1, 0, 1, 0, 3


class Error(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("status", c_int32), ("row", c_uint64), ("feature", c_uint64),
        ("byte_offset", c_uint64), ("message", c_char * 512),
    ]  # fmt: skip


#: The outputs that a row has several of, with their types and how many by the model.
OUTPUTS = [
    ("probabilities", c_double, lambda m: m.n_outputs),
    ("class_indices", c_uint32, lambda m: 1),
    ("cutoffs_reached", c_uint8, lambda m: m.n_cutoffs),
    ("members", c_double, lambda m: m.n_members * m.n_outputs),
    ("margins", c_double, lambda m: m.n_margins),
    ("row_status", c_int32, lambda m: 1),
    ("row_flags", c_uint32, lambda m: 1),
    ("flag_counts", c_uint32, lambda m: 5),
    ("feature_flags", c_uint8, lambda m: m.n_features),
    ("rules_broken", c_uint8, lambda m: m.n_rules),
    ("verdicts", c_uint32, lambda m: m.uncertainty.n_verdicts),
    ("p_values", c_double, lambda m: m.uncertainty.n_p_values),
    ("sets", c_uint8, lambda m: m.uncertainty.n_levels * m.uncertainty.n_p_values),
    ("intervals", c_double, lambda m: m.uncertainty.n_intervals * 2),
    ("distance_p_values", c_double, lambda m: m.uncertainty.n_distances),
    ("furthest_features", c_uint32, lambda m: m.uncertainty.n_furthest),
    ("furthest_times", c_double, lambda m: m.uncertainty.n_furthest),
]


class Outputs(ctypes.Structure):
    _fields_ = [("struct_size", c_uint32), ("on_refusal", c_uint32)] + [
        field
        for name, kind, _ in OUTPUTS
        for field in ((name, POINTER(kind)), (f"{name}_len", c_size_t))
    ]


class Uncertainty(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("ambiguous_rule", c_uint32), ("n_verdicts", c_size_t),
        ("levels", POINTER(c_double)), ("n_levels", c_size_t), ("n_p_values", c_size_t),
        ("n_intervals", c_size_t), ("n_distances", c_size_t), ("n_furthest", c_size_t),
        ("ambiguous_level", c_size_t), ("max_width", c_double), ("unlike_p_value", c_double),
        ("n_scores", c_uint32), ("n_distance_scores", c_uint32),
    ]  # fmt: skip


class Matrix(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("element_type", c_uint32), ("values", POINTER(c_double)),
        ("values_len", c_size_t), ("n_rows", c_size_t), ("n_columns", c_size_t),
        ("row_stride", c_size_t), ("column_stride", c_size_t),
    ]  # fmt: skip


def sized(struct, **fields):
    return struct(struct_size=ctypes.sizeof(struct), **fields)


class Session:
    """A model and a session, with the counts that outputs need."""

    def __init__(self, library, name):
        self.library, self.name = library, name
        self.parts, self.cases = corpus.model(name), corpus.cases(name)
        model, self.pointer, error = c_void_p(), c_void_p(), sized(Error)
        self.model = model
        path = str(corpus.bundle(name)).encode()
        status = library.nomo_model_open_file(path, None, byref(model), byref(error))
        self.uncertainty = sized(Uncertainty)
        if status == 0:
            status = library.nomo_model_uncertainty(model, byref(self.uncertainty), byref(error))
        if status == 0:
            status = library.nomo_session_create(model, byref(self.pointer), byref(error))
        if status != 0:
            raise RuntimeError(error.message.decode())
        self.n_features = len(self.parts["features"])
        self.n_outputs = len(self.parts["target"].get("Classes", {}).get("classes", [None]))
        self.n_members = len(self.parts["members"])
        self.n_cutoffs, self.n_rules = len(self.parts["cutoffs"]), len(self.parts["rules"])
        answered = [len(case.bits("margins")) for case in self.cases]
        self.n_margins = max(answered)

    def close(self):
        self.library.nomo_session_destroy(self.pointer)
        self.library.nomo_model_release(self.model)

    def status_name(self, status):
        return self.library.nomo_status_name(status).decode()

    def set(self, index, stated, error):
        """States the value of a feature, and returns the status."""
        name, *values = {
            "number": lambda: ("number", c_double(stated.value)),
            "number-in": lambda: ("number_in", c_double(stated.value), stated.unit.encode()),
            "integer": lambda: ("integer", c_int64(stated.value)),
            "boolean": lambda: ("boolean", c_uint32(stated.value)),
            "text": lambda: ("text", stated.value.encode()),
            "missing": lambda: ("missing", stated.value and stated.value.encode()),
        }[stated.kind]()
        call = getattr(self.library, f"nomo_session_set_{name}")
        return call(self.pointer, c_size_t(index), *values, byref(error))

    def outputs(self, n_rows):
        """Room for every output; refused rows are marked."""
        out = sized(Outputs, on_refusal=GO_ON)
        for name, kind, count in OUTPUTS:
            length = n_rows * count(self)
            setattr(out, name, (kind * max(length, 1))())
            setattr(out, f"{name}_len", length)
        return out

    def answer(self, out, row):
        """What a row got, with the names of a case's lines."""
        found = {}
        for name, _, count in OUTPUTS:
            n = count(self)
            found[name] = getattr(out, name)[row * n : (row + 1) * n]
        return found


def array_number(feature, stated):
    """The number with the same meaning in an array, where NaN is missing; None if there is none."""
    kind, value = kind_of(feature), stated.value
    if stated.kind == "missing":
        return math.nan
    if stated.kind == "number-in":
        value = convert(feature, value, stated.unit)
    elif stated.kind == "text":
        value = levels(feature).index(value) if value in levels(feature) else math.nan
    elif stated.kind == "unset" or (stated.kind == "boolean" and kind != "Boolean"):
        return None
    elif stated.kind == "integer" and abs(value) > 2**53:
        return None
    return None if math.isnan(value) else float(value)


def differences(case, session, found):
    """What a row got otherwise than its case expects."""
    expected_status = case.expected["status"]
    status = session.status_name(found["row_status"][0])
    if status != expected_status:
        yield f"{status}, expected {expected_status}"
        return
    is_predicted = status == "NOMO_OK"
    doubles = {
        "probabilities": "outputs", "members": "members", "margins": "margins",
        "p_values": "p-values", "intervals": "intervals",
        "distance_p_values": "distance-p-value", "furthest_times": "furthest-times",
    }  # fmt: skip
    for name, line in doubles.items():
        bits = [corpus.to_bits(value) for value in found[name]]
        if is_predicted and bits != case.bits(line):
            yield f"{line} {[hex(wanted) for wanted in bits]}"
        if not is_predicted and not all(map(math.isnan, found[name])):
            yield f"{line} of a refused row"
    expected = {
        "class_indices": case.whole("class") or [NO_CLASS],
        "row_flags": case.whole("flags") or [0],
        "feature_flags": case.whole("feature-flags") or [0] * session.n_features,
        "rules_broken": case.whole("rules-broken") or [0] * session.n_rules,
        "cutoffs_reached": case.whole("cutoffs-reached") or [0] * session.n_cutoffs,
        "verdicts": case.whole("verdict") or [REFUSED] * session.uncertainty.n_verdicts,
        "sets": case.whole("sets")
        or [0] * (session.uncertainty.n_levels * session.uncertainty.n_p_values),
        "furthest_features": case.whole("furthest-feature")
        or [NO_CLASS] * session.uncertainty.n_furthest,
    }
    for name, wanted in expected.items():
        if found[name] != wanted:
            yield f"{name} {found[name]}, expected {wanted}"


def by_value(session, case):
    """Differences of a case that is stated value by value; None if it cannot be stated."""
    library, error = session.library, sized(Error)
    library.nomo_session_clear(session.pointer, None)
    for index, feature in enumerate(session.parts["features"]):
        stated = case.stated.get(feature["name"], corpus.Stated())
        if stated.kind == "unset":
            continue
        status = session.set(index, stated, error)
        if status != 0:
            is_same = session.status_name(status) == case.expected["status"]
            return None if is_same else [session.status_name(status)]
    out = session.outputs(1)
    if library.nomo_session_predict(session.pointer, byref(out), byref(error)) != 0:
        return [error.message.decode()]
    found = list(differences(case, session, session.answer(out, 0)))
    out.on_refusal = STOP
    status = library.nomo_session_predict(session.pointer, byref(out), byref(error))
    is_named = status != 0 and error.feature != NONE
    at = session.parts["features"][error.feature]["name"] if is_named else None
    if (session.status_name(status), at) != (case.expected["status"], case.expected.get("at")):
        found.append(f"stopping: {session.status_name(status)} at {at}")
    return found


def by_row(session, case, row):
    """Differences of the outputs of a row that is stated as an array."""
    values = (c_double * len(row))(*row)
    outputs, index = (c_double * session.n_outputs)(), c_uint32()
    status = session.library.nomo_session_predict_row(
        session.pointer, values, c_size_t(len(row)), outputs, c_size_t(session.n_outputs),
        byref(index), None,
    )  # fmt: skip
    if session.status_name(status) != case.expected["status"]:
        yield session.status_name(status)
    elif status == 0:
        if [corpus.to_bits(value) for value in outputs] != case.bits("outputs"):
            yield "outputs"
        if [index.value] != (case.whole("class") or [NO_CLASS]):
            yield "class"


def by_matrix(session, cases, rows, row_stride, column_stride):
    """Differences of rows in one matrix, with the case of each."""
    n_rows, n_columns = len(rows), session.n_features
    # What must not be read is a number that any feature could be.
    values = [10.0] * (n_rows * row_stride + n_columns * column_stride + 1)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            values[i * row_stride + j * column_stride] = value
    matrix = sized(
        Matrix, element_type=F64, values=(c_double * len(values))(*values), values_len=len(values),
        n_rows=n_rows, n_columns=n_columns, row_stride=row_stride, column_stride=column_stride,
    )  # fmt: skip
    out, error = session.outputs(n_rows), sized(Error)
    call = session.library.nomo_session_predict_matrix
    if call(session.pointer, byref(matrix), byref(out), byref(error)) != 0:
        yield None, error.message.decode()
        return
    for i, case in enumerate(cases):
        for difference in differences(case, session, session.answer(out, i)):
            yield case, difference


def counted(session):
    """The counts of all cases, each stated value by value and predicted once; None without a profile."""
    library, error, monitor = session.library, sized(Error), c_void_p()
    size, length = c_size_t(), c_size_t()
    sizes = (byref(size), byref(length), byref(error))
    if library.nomo_monitor_size(session.model, *sizes) != 0:
        return None
    library.nomo_monitor_create(session.model, byref(monitor), byref(error))
    library.nomo_session_set_monitor(session.pointer, monitor, byref(error))
    for case in session.cases:
        library.nomo_session_clear(session.pointer, None)
        stated = [
            (index, case.stated.get(feature["name"], corpus.Stated()))
            for index, feature in enumerate(session.parts["features"])
        ]
        if all(s.kind == "unset" or session.set(index, s, error) == 0 for index, s in stated):
            out = session.outputs(1)
            out.on_refusal = STOP
            library.nomo_session_predict(session.pointer, byref(out), byref(error))
    library.nomo_session_set_monitor(session.pointer, None, byref(error))
    content = (c_uint8 * length.value)()
    library.nomo_monitor_write(monitor, c_uint32(1), content, length, byref(error))
    library.nomo_monitor_destroy(monitor)
    n_counts = (length.value - 72) // 8
    return list(struct.unpack_from(f"<{n_counts}Q", content, 40))


def run(session):
    """Everything that differs, with the case and the way in which it was stated."""
    kept, rows = [], []
    for case in session.cases:
        found = by_value(session, case)
        if found is None:
            continue
        for difference in found:
            yield case, f"value by value: {difference}"
        try:
            row = [
                array_number(feature, case.stated.get(feature["name"], corpus.Stated()))
                for feature in session.parts["features"]
            ]
        except Refused:
            continue
        if None not in row:
            kept.append(case)
            rows.append(row)
            for difference in by_row(session, case, row):
                yield case, f"as a row: {difference}"
    n_rows, n = len(rows), session.n_features
    for strides in [(n, 1), (1, n_rows), (2 * n + 3, 2)]:
        for case, difference in by_matrix(session, kept, rows, *strides):
            yield case, f"as a matrix with strides {strides}: {difference}"
    for case, difference in by_matrix(session, kept[::-1], rows[::-1], n, 1):
        yield case, f"as a matrix, last row first: {difference}"


def main():
    library = ctypes.CDLL(str(Path(sys.argv[1]).resolve()))
    library.nomo_status_name.restype = c_char_p
    for name in ("nomo_model_release", "nomo_monitor_destroy", "nomo_session_destroy"):
        getattr(library, name).restype = None
    if sys.argv[2:]:
        corpus.folder = Path(sys.argv[2])
    n_cases = n_wrong = 0
    for name in corpus.names():
        session = Session(library, name)
        n_cases += len(session.cases)
        for case, difference in run(session):
            n_wrong += 1
            print(f"{name}: {case.name if case else 'all cases'}: {difference}")
        found = counted(session)
        if found is not None and found != corpus.counts(name):
            n_wrong += 1
            print(f"{name}.counts: {found}")
        session.close()
    print(f"{n_cases} cases, {n_wrong} wrong")
    return int(n_wrong > 0 or n_cases == 0)


if __name__ == "__main__":
    sys.exit(main())
