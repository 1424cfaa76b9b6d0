"""The libraries that a model is timed with, and the worker of each."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models import Work

HERE = Path(__file__).parent
FLAGS = ["-std=gnu11", "-O3", "-march=native", "-Wall"]


@dataclass(frozen=True)
class Folders:
    """Where things are, and where to build."""

    work: Path
    library: Path
    lleaves: Path


@dataclass(frozen=True)
class Peer:
    """A library with one model."""

    name: str
    how: str
    is_double: bool
    command: list[str]


def peers(work: Work, folders: Folders) -> list[Peer]:
    """Builds the workers of a model: ours first."""
    found = []
    for form, name, how, is_double, build in TABLE:
        if form in work.files and name not in SKIPPED.get(work.name, ()):
            command = build(work, work.files[form], folders)
            arguments = [str(work.files[form]), str(work.rows), str(work.n_columns)]
            double = is_double or (name == "TL2cgen" and "xgboost" not in work.files)
            found.append(Peer(name, how, double, [*command, *arguments]))
    return found


def compile_worker(work: Work, folders: Folders, adapter: str, extra: list[str]) -> list[str]:
    """Compiles worker.c with one adapter."""
    program = folders.work / f"{work.name}_{adapter}"
    sources = [str(HERE / "c/worker.c"), str(HERE / f"c/{adapter}.c")]
    command = [os.environ.get("CC", "cc"), *FLAGS, *sources, *extra, "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    return [str(program)]


def link(library: Path) -> list[str]:
    """The options that link a shared library, and find it again at run time."""
    return [str(library), f"-Wl,-rpath,{library.parent}"]


def shared(package: str, library: str) -> Path:
    """A library within an installed package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(package)
    return Path(spec.origin).parent / "lib" / library


def nomogram(work: Work, _: Path, folders: Folders) -> list[str]:
    """Ours through the C ABI."""
    include = f"-I{HERE.parents[1] / 'include'}"
    # Programs look for the library by its soname.
    alias = folders.work / "libnomogram.so.1"
    if not alias.exists():
        alias.symlink_to(folders.library / "libnomogram.so")
    return compile_worker(work, folders, "nomogram", [include, *link(alias)])


def lightgbm(work: Work, _: Path, folders: Folders) -> list[str]:
    """LightGBM through its C API."""
    library = shared("lightgbm", "lib_lightgbm.so")
    return compile_worker(work, folders, "lightgbm", link(library))


def xgboost(work: Work, _: Path, folders: Folders) -> list[str]:
    """XGBoost through its C API."""
    return compile_worker(work, folders, "xgboost", link(shared("xgboost", "libxgboost.so")))


def lleaves(work: Work, path: Path, folders: Folders) -> list[str]:
    """The functions that lleaves compiles."""
    objects = [str(folders.work / f"{work.name}_{name}.o") for name in ("one", "batch")]
    python = str(folders.lleaves / "bin/python")
    # Large forests take minutes.
    if not all(Path(name).exists() for name in objects):
        subprocess.run([python, str(HERE / "lleaves_compile.py"), str(path), *objects], check=True)
    return compile_worker(work, folders, "lleaves", [*objects, "-no-pie"])


def plain(work: Work, path: Path, folders: Folders) -> list[str]:
    """Plain C."""
    return compile_worker(work, folders, "plain", [str(path)])


def tl2cgen(work: Work, path: Path, folders: Folders) -> list[str]:
    """The C code that TL2cgen writes."""
    import tl2cgen as library
    import treelite

    model = treelite.Model.deserialize(path)
    folder = folders.work / f"{work.name}_generated"
    library.generate_c_code(model, folder, params={"parallel_comp": 8}, verbose=False)
    number = "float" if model.input_type == "float32" else "double"
    defines = [f"-DNUMBER={number}", "-DN_RESULTS=1"]
    # The generated files are large; a second level of optimization takes minutes longer.
    sources = [str(source) for source in sorted(folder.glob("*.c"))]
    objects = []
    for source in sources:
        objects.append(source[:-1] + "o")
        if Path(objects[-1]).exists():
            continue
        command = [os.environ.get("CC", "cc"), "-O2", "-march=native", "-w", "-c", source]
        subprocess.run([*command, "-o", objects[-1]], check=True)
    return compile_worker(work, folders, "tl2cgen", [*defines, *objects])


def in_python(library: str) -> Callable[[Work, Path, Folders], list[str]]:
    """A library through its Python API."""
    return lambda *_: [sys.executable, str(HERE / "python_worker.py"), library]


# Form of the model, name, how it is called, whether it computes in doubles, its worker.
TABLE = [
    ("nomogram", "Nomogram", "C ABI, schema's checks on", True, nomogram),
    ("nomogram", "Nomogram, Python", "Python, `predict_proba`/`predict`", True, in_python("nomogram")),
    ("plain", "plain C", "generated, `-O3 -march=native`", True, plain),
    ("lightgbm", "lleaves", "compiled function, from C", True, lleaves),
    ("treelite", "TL2cgen", "compiled function, from C", False, tl2cgen),
    ("lightgbm", "LightGBM", "C API, `SingleRowFast` and `PredictForMat`", True, lightgbm),
    ("xgboost", "XGBoost", "C API, `PredictFromDense`", False, xgboost),
    ("catboost", "CatBoost", "Python, `predict_proba`", True, in_python("catboost")),
    ("ydf", "YDF", "Python, `predict`", False, in_python("ydf")),
    ("treelite", "Treelite", "Python, `gtil.predict`", False, in_python("treelite")),
    ("onnx", "ONNX Runtime", "Python, `run`, single precision", False, in_python("onnx")),
    ("sklearn", "scikit-learn", "Python, `predict_proba`/`predict`", True, in_python("sklearn")),
]
# Left out to keep the run short: the C code of large forests takes a compiler minutes.
SKIPPED = {"M5": ("TL2cgen",), "M5x": ("TL2cgen",), "M6": ("TL2cgen",), "M8": ("TL2cgen",)}
