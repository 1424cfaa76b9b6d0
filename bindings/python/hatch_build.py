"""Builds the library with cargo, and puts it into the wheel with its declarations for cffi.

The wheel fits every Python 3: cffi's ABI mode compiles nothing against the interpreter. In the
repository the crate is the root package; a source distribution holds the crate as `cargo package`
would publish it, in the folder `core`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
LIBRARY = "libnomogram-py"
# A program that was linked against an installed library finds that one by the first of these, and
# must not be given ours. They have the same length, so that no other byte of the library moves;
# the linker cannot be told, since what build.rs says comes last.
SONAME, PRIVATE_SONAME = b"\0libnomogram.so.1\0", b"\0libnomogram-py.1\0"


def crate() -> Path:
    """The folder of the crate `nomogram`."""
    packaged = HERE / "core"
    return packaged if packaged.is_dir() else HERE.parent.parent


def version() -> str:
    """The version of the crate: the package's own."""
    manifest = (crate() / "Cargo.toml").read_text(encoding="utf-8")
    # In a workspace it stands in [workspace.package], in a published crate in [package].
    found = re.search(r'^version = "([^"]+)"$', manifest, re.MULTILINE)
    if found is None:
        raise RuntimeError("Cargo.toml: no version")
    return found[1]


def declarations(header: str) -> str:
    """What cffi understands of the header: types, functions, and macros that are numbers."""
    lines = []
    for line in header.splitlines():
        is_number = re.fullmatch(r"#define \w+ (0x[0-9A-Fa-f]+|[0-9]+)", line)
        if is_number or not line.startswith(("#", 'extern "C"')):
            lines.append(line)
    text = re.sub(r"/\*.*?\*/", "", "\n".join(lines), flags=re.DOTALL)
    # The end of `extern "C" {`; the macros of several lines after it are initial values.
    return re.split(r"^}\n*\Z", text.split("NOMO_ERROR_INIT")[0], flags=re.MULTILINE)[0]


def write_declarations(target: Path) -> None:
    """Writes the Python module that declares the library to cffi."""
    import cffi

    header = crate() / "include" / "nomogram.h"
    ffi = cffi.FFI()
    ffi.set_source("nomogram._ffi", None)
    ffi.cdef(declarations(header.read_text(encoding="utf-8")))
    ffi.emit_python_code(str(target))


def build_library() -> Path:
    """Builds the shared library; cargo says where it is."""
    manifest = crate() / "Cargo.toml"
    command = ["cargo", "rustc", "--manifest-path", str(manifest), "--package", "nomogram"]
    command += ["--lib", "--crate-type", "cdylib", "--profile", "capi", "--locked"]
    command += ["--message-format", "json-render-diagnostics"]
    command += ["--", "-C", "strip=symbols"]
    try:
        built = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    except FileNotFoundError:
        raise RuntimeError("building nomogram needs cargo: https://rustup.rs") from None
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "nomogram":
            for name in message.get("filenames", []):
                if Path(name).suffix in {".so", ".dylib", ".dll"}:
                    return Path(name)
    raise RuntimeError("cargo built no shared library")


def install_library(built: Path, folder: Path) -> None:
    """Copies the library, under names that no other program looks for."""
    content = built.read_bytes()
    if sys.platform == "linux":
        if content.count(SONAME) != 1:
            raise RuntimeError(f"{built}: expected the soname {SONAME!r} once")
        content = content.replace(SONAME, PRIVATE_SONAME)
    (folder / f"{LIBRARY}{built.suffix}").write_bytes(content)


def package_crate(folder: Path) -> Path:
    """The crate as it would be published, in a folder of its own."""
    command = ["cargo", "package", "--manifest-path", str(crate() / "Cargo.toml")]
    command += ["--package", "nomogram", "--no-verify", "--allow-dirty", "--quiet"]
    target = folder / "package"
    subprocess.run([*command, "--target-dir", str(target)], check=True)
    name = f"nomogram-{version()}"
    with tarfile.open(target / "package" / f"{name}.crate") as archive:
        archive.extractall(folder)
    # Cargo would look for a workspace above it, wherever it is unpacked.
    with (folder / name / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write("\n[workspace]\n")
    return folder / name


class NomogramBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds what cargo builds to the wheel, and what cargo needs to the source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before files are collected; `version` says which kind of build it is."""
        self.folder = tempfile.TemporaryDirectory(prefix="nomogram-")
        if self.target_name == "sdist":
            core = crate() if crate().name == "core" else package_crate(Path(self.folder.name))
            build_data["force_include"][str(core)] = "core"
            return
        # An editable installation reads the sources where they are, so that is where they belong.
        is_editable = version == "editable"
        package = HERE / "src" / "nomogram"
        folder = package if is_editable else Path(self.folder.name)
        install_library(build_library(), folder)
        write_declarations(folder / "_ffi.py")
        if not is_editable:
            build_data["force_include"][str(folder)] = "nomogram"
        platform = os.environ.get("_PYTHON_HOST_PLATFORM") or sysconfig.get_platform()
        build_data["tag"] = f"py3-none-{re.sub('[-.]', '_', platform)}"
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Runs after the archive is written."""
        self.folder.cleanup()
