from typing import Any

# Written by hatch_build.py from include/nomogram.h.
ffi: Any
