#!/usr/bin/env python3
"""Counts the instructions of verifying a signature, beside those of the steps that opening a bundle is charged.

Needs valgrind and a bundle with 32 signatures by the keys of a policy that requires all of them (docs/signing.md), and
the library as it is installed (`cargo xtask package` builds it):

    python3 cost_of_verifying.py target/capi/libnomogram.so signed.nomo trust.txt

Made with Python 3.11.7 and valgrind 3.19.0. `python3` must be a program, not a script that starts one.
"""

import ctypes
import re
import subprocess
import sys
import time
from pathlib import Path

N_SIGNATURES, N_TIMES = 32, 10
SKIP_GOLDEN_CASES = 1


class OpenOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("max_bytes", ctypes.c_uint64),
        ("log", ctypes.c_void_p), ("log_user", ctypes.c_void_p), ("max_memory", ctypes.c_uint64),
        ("max_work", ctypes.c_uint64), ("trust", ctypes.c_char_p), ("time", ctypes.c_uint64),
    ]


def opens(library, bundle: bytes, flags: int = 0, max_work: int = 0, trust: bytes | None = None) -> bool:
    size = ctypes.sizeof(OpenOptions)
    options = OpenOptions(size, flags, 0, None, None, 0, max_work, trust, int(time.time()))
    model = ctypes.c_void_p()
    length = ctypes.c_size_t(len(bundle))
    status = library.nomo_model_open_memory(bundle, length, ctypes.byref(options), ctypes.byref(model), None)
    if status == 0:
        library.nomo_model_release(model)
    return status == 0


def charged(library, bundle: bytes) -> int:
    """The steps of opening without a policy: the least limit with which the bundle opens."""
    low, high = 1, 1 << 32
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if opens(library, bundle, SKIP_GOLDEN_CASES, middle) else (middle + 1, high)
    return low


def instructions(how: str, n: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, *sys.argv[:4], how, str(n)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return int(re.search(r"Collected : (\d+)", printed)[1])


path, bundle_path, policy_path = sys.argv[1:4]
library = ctypes.CDLL(str(Path(path).resolve()))
bundle, policy = open(bundle_path, "rb").read(), open(policy_path, "rb").read()
if sys.argv[4:]:
    how, n = sys.argv[4], int(sys.argv[5])
    for _ in range(n):
        assert opens(library, bundle, SKIP_GOLDEN_CASES * (how == "skip"), 0, policy if how == "trust" else None)
else:
    each = {how: (instructions(how, 1 + N_TIMES) - instructions(how, 1)) // N_TIMES for how in ("skip", "full", "trust")}
    steps = charged(library, bundle)
    print(f"golden cases {each['full'] - each['skip']} instructions, {steps} steps for all of opening")
    print(f"a verification {(each['trust'] - each['full']) // N_SIGNATURES} instructions")
