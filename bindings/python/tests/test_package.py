"""The installed package."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REFERENCE, ROOT

import nomogram_risk
from nomogram_risk import _library

PACKAGE = Path(nomogram_risk.__file__).parent
HEADER = (ROOT / "include/nomogram.h").read_text()


def test_package_library_and_crate_have_one_version() -> None:
    manifest = (ROOT / "Cargo.toml").read_text()
    found = re.search(r'^version = "(.*)"$', manifest, re.MULTILINE)
    assert found is not None
    assert nomogram_risk.__version__ == found[1]
    assert nomogram_risk.__version__ == importlib.metadata.version("nomogram-risk")
    assert nomogram_risk.__version__ == _library.text(_library.lib.nomo_version_text())


def test_the_licences_are_those_of_the_crate() -> None:
    # Copies, since a source distribution cannot contain links to files outside.
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        assert (ROOT / "bindings/python" / name).read_text() == (ROOT / name).read_text()


def test_a_library_of_another_version_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        NOMO_VERSION_MAJOR, NOMO_VERSION_MINOR, NOMO_VERSION_PATCH = 0, 1, 0

        @staticmethod
        def nomo_version() -> int:
            return 2 << 16 | 3 << 8 | 4

    class Loader:
        @staticmethod
        def dlopen(_: str) -> type[Other]:
            return Other

    monkeypatch.setattr(_library, "ffi", Loader)
    with pytest.raises(ImportError, match=r"is version 2\.3\.4, but .* for 0\.1\.0"):
        _library._load()


def test_macros_that_cffi_does_not_parse_equal_those_of_the_header() -> None:
    assert "#define NOMO_PLACE_NONE (~(uint64_t)0)\n" in HEADER
    assert _library.PLACE_NONE == 2**64 - 1
    # -1 among the indices of classes, which are given as signed numbers.
    assert "#define NOMO_CLASS_NONE (~(uint32_t)0)\n" in HEADER
    assert len(nomogram_risk.Flag) == _library.lib.NOMO_N_FLAGS


def test_every_function_of_the_header_is_declared() -> None:
    # Functions begin at the margin; the names of types follow `}` or `(*`.
    declared = set(re.findall(r"^[a-z].*?\b(nomo_\w+)\(", HEADER, re.MULTILINE))
    assert len(declared) > 30
    for name in declared:
        assert getattr(_library.lib, name) is not None, name


def test_the_library_has_a_private_name() -> None:
    libraries = [path.name for path in PACKAGE.iterdir() if ".so" in path.suffixes]
    assert libraries == ["libnomogram-py.so"]
    content = (PACKAGE / libraries[0]).read_bytes()
    assert content.count(b"\0libnomogram-py.1\0") == 1
    assert b"\0libnomogram.so.1\0" not in content


def test_the_wheel_fits_every_python_3() -> None:
    if PACKAGE.parent == ROOT / "bindings/python/src":
        pytest.skip("an editable installation has no wheel")
    wheel = importlib.metadata.distribution("nomogram-risk").read_text("WHEEL") or ""
    assert re.search(r"^Tag: py3-none-linux_\w+$", wheel, re.MULTILINE)
    assert "Root-Is-Purelib: false" in wheel


def test_importing_loads_numpy_and_cffi_and_no_table_library() -> None:
    program = "import nomogram_risk, sys; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert "numpy" in modules
    slow = {"pandas", "polars", "pyarrow", "cffi", "pycparser", "concurrent.futures"}
    assert slow.isdisjoint(modules)


def test_the_refusal_of_an_arrow_table_without_pyarrow_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import polars

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    model = nomogram_risk.Model.open(REFERENCE)
    with pytest.raises(ImportError, match=r"nomogram-risk\[arrow\]"):
        model.predict_proba(polars.DataFrame({"radius_mean": [1.0]}))


def test_every_public_name_is_listed_and_documented() -> None:
    for name in nomogram_risk.__all__:
        assert hasattr(nomogram_risk, name)
    public = {name for name in vars(nomogram_risk) if not name.startswith("_")}
    assert public == set(nomogram_risk.__all__) - {"__version__"}
    for name in vars(nomogram_risk.Model):
        member = getattr(nomogram_risk.Model, name)
        assert name.startswith("_") or member.__doc__, name


def test_the_example_of_the_readme_works(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (ROOT / "bindings/python/README.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    expected = re.findall(r"  # (.*)$", example, re.MULTILINE)
    assert printed == expected
