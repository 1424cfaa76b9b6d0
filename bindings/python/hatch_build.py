"""Builds the library with cargo, and adds it to the wheel with its declarations for cffi.

The wheel works with every Python 3: cffi's ABI mode compiles nothing against the interpreter. In
the repository the crate is the root package; a source distribution holds the crate as `cargo
package` would publish it, in the folder `core`.
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
PACKAGE = "nomogram_risk"
LIBRARY = "libnomogram-py"
# Programs find an installed library by the first name, and must not load the copy of this package.
# Both names have the same length, so that replacing one moves no other byte of the library; the
# linker cannot set it, since the option of build.rs comes last.
SONAME, PRIVATE_SONAME = b"\0libnomogram.so.1\0", b"\0libnomogram-py.1\0"


def crate() -> Path:
    """The folder of the crate `nomogram`."""
    packaged = HERE / "core"
    return packaged if packaged.is_dir() else HERE.parent.parent


def version() -> str:
    """The version of the crate, which is that of the package."""
    manifest = (crate() / "Cargo.toml").read_text(encoding="utf-8")
    # In a workspace it is in [workspace.package], in a published crate in [package].
    found = re.search(r'^version = "([^"]+)"$', manifest, re.MULTILINE)
    if found is None:
        raise RuntimeError("Cargo.toml: no version")
    return found[1]


def declarations(header: str) -> str:
    """The part of the header that cffi parses: types, functions, and macros that are numbers."""
    lines = []
    for line in header.splitlines():
        is_number = re.fullmatch(r"#define \w+ (0x[0-9A-Fa-f]+|[0-9]+)", line)
        if is_number or not line.startswith(("#", 'extern "C"')):
            lines.append(line)
    text = re.sub(r"/\*.*?\*/", "", "\n".join(lines), flags=re.DOTALL)
    # Ends before the initial values, and without the brace of `extern "C" {`.
    return re.split(r"^}\n*\Z", text.split("NOMO_ERROR_INIT")[0], flags=re.MULTILINE)[0]


def write_declarations(target: Path) -> None:
    """Writes the Python module that declares the library to cffi."""
    import cffi

    header = crate() / "include" / "nomogram.h"
    ffi = cffi.FFI()
    ffi.set_source(f"{PACKAGE}._ffi", None)
    ffi.cdef(declarations(header.read_text(encoding="utf-8")))
    ffi.emit_python_code(str(target))


def build_library() -> Path:
    """Builds the shared library; returns its path as reported by cargo."""
    manifest = crate() / "Cargo.toml"
    command = ["cargo", "rustc", "--manifest-path", str(manifest), "--package", "nomogram"]
    command += ["--lib", "--crate-type", "cdylib", "--profile", "capi", "--locked"]
    command += ["--message-format", "json-render-diagnostics"]
    # As `cargo xtask install` builds it: small, and predictions as fast.
    flags = ['curve25519_dalek_backend="serial"', 'sha2_backend_soft="compact"']
    quoted = ", ".join(f"\"--cfg\", '{flag}'" for flag in flags)
    command += ["--config", f"build.rustflags = [{quoted}]"]
    command += ["--", "-C", "strip=symbols", "-C", "llvm-args=-inline-threshold=20"]
    try:
        built = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    except FileNotFoundError:
        raise RuntimeError("building nomogram-risk needs cargo, of the Rust toolchain") from None
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "nomogram":
            for name in message.get("filenames", []):
                if Path(name).suffix in {".so", ".dylib", ".dll"}:
                    return Path(name)
    raise RuntimeError("cargo built no shared library")


def install_library(built: Path, folder: Path) -> None:
    """Copies the library, under names that no other program uses."""
    content = built.read_bytes()
    if sys.platform == "linux":
        if content.count(SONAME) != 1:
            raise RuntimeError(f"{built}: expected the soname {SONAME!r} once")
        content = content.replace(SONAME, PRIVATE_SONAME)
    (folder / f"{LIBRARY}{built.suffix}").write_bytes(content)


def package_crate(folder: Path) -> Path:
    """The crate as it would be published, unpacked in a folder."""
    command = ["cargo", "package", "--manifest-path", str(crate() / "Cargo.toml")]
    command += ["--package", "nomogram", "--no-verify", "--allow-dirty", "--quiet"]
    target = folder / "package"
    subprocess.run([*command, "--target-dir", str(target)], check=True)
    name = f"nomogram-{version()}"
    with tarfile.open(target / "package" / f"{name}.crate") as archive:
        archive.extractall(folder)
    # Otherwise cargo would search for a workspace above the folder.
    with (folder / name / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write("\n[workspace]\n")
    return folder / name


class NomogramBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the library to the wheel, and the crate to the source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before files are collected; `version` is the kind of build."""
        self.folder = tempfile.TemporaryDirectory(prefix="nomogram-")
        if self.target_name == "sdist":
            core = crate() if crate().name == "core" else package_crate(Path(self.folder.name))
            build_data["force_include"][str(core)] = "core"
            return
        # An editable installation reads the sources in place, so the library is written there.
        is_editable = version == "editable"
        package = HERE / "src" / PACKAGE
        folder = package if is_editable else Path(self.folder.name)
        install_library(build_library(), folder)
        write_declarations(folder / "_ffi.py")
        if not is_editable:
            build_data["force_include"][str(folder)] = PACKAGE
        platform = os.environ.get("_PYTHON_HOST_PLATFORM") or sysconfig.get_platform()
        build_data["tag"] = f"py3-none-{re.sub('[-.]', '_', platform)}"
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Runs after the archive is written."""
        self.folder.cleanup()
