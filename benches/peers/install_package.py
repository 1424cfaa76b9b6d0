"""Installs the Python package with a library that is built already: ``… LIBRARY``.

The package's own build would compile the library again.
"""

import shutil
import sys
import sysconfig
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "bindings/python"
sys.path.insert(0, str(PACKAGE))

from hatch_build import install_library, write_declarations  # noqa: E402

target = Path(sysconfig.get_path("purelib")) / "nomogram_risk"
shutil.copytree(PACKAGE / "src/nomogram_risk", target, dirs_exist_ok=True)
install_library(Path(sys.argv[1]), target)
write_declarations(target / "_ffi.py")
