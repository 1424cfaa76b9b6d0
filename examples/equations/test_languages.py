"""The Framingham equation as a bundle: in C, in Java and on the page of the report.

`cargo xtask imports` runs this. By hand: NOMOGRAM_PROGRAM names the program `nomogram`, and pkg-config and the
dynamic linker find the C library, as after `cargo xtask install`. Java is tested where `java` and JNA (Debian:
openjdk-17-jdk-headless, libjna-java) are installed.
"""

import csv
import math
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EQUATION = ROOT / "examples/equations/framingham_cvd_women"
JNA = Path("/usr/share/java/jna.jar")
NAMES = ["age", "total_cholesterol", "hdl_cholesterol", "systolic_pressure"]
NAMES += ["treated_for_pressure", "smoker", "diabetes"]
EXAMPLE = [61.0, 180.0, 47.0, 124.0, 0, 1, 0]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def risk(row):
    """The formula of the paper."""
    age, total, hdl, pressure, treated, smoker, diabetes = row
    total = 2.32888 * math.log(age) + 1.20904 * math.log(total) - 0.70833 * math.log(hdl)
    total += (2.82263 if treated else 2.76157) * math.log(pressure)
    return 1 - 0.95012 ** math.exp(total + 0.52873 * smoker + 0.69154 * diabetes - 26.1931)


@pytest.fixture(scope="module")
def rows():
    """Made-up women, the worked example first."""
    numbers = random.Random(1)
    others = [
        [float(numbers.randint(low, high)) for low, high in [(30, 74), (120, 300), (25, 95), (95, 180)]]
        + [numbers.randint(0, 1) for _ in range(3)]
        for _ in range(200)
    ]
    return [EXAMPLE, *others]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("equation") / "framingham.nomo"
    run(os.environ["NOMOGRAM_PROGRAM"], "import", f"{EQUATION}.yaml", "-o", path)
    return path


def test_c_predicts_the_formula(bundle, rows):
    flags = run("pkg-config", "--cflags", "--libs", "nomogram").split()
    program, table = bundle.with_name("predict"), bundle.with_name("rows.csv")
    run(os.environ.get("CC", "cc"), ROOT / "examples/c/predict.c", *flags, "-o", program)
    with table.open("w", newline="") as stream:
        csv.writer(stream).writerows([NAMES, *rows])
    lines = run(program, bundle, table).split("row_id,class,probability,bits\n")[1].splitlines()
    found = [float(line.split(",")[2]) for line in lines]
    assert len(found) == len(rows)
    assert max(abs(one - risk(row)) for one, row in zip(found, rows)) <= 1e-12


@pytest.mark.skipif(not (shutil.which("java") and JNA.exists()), reason="no Java, or no JNA")
def test_java_predicts_the_formula(bundle, rows):
    folders = run("pkg-config", "--variable=libdir", "nomogram").strip()
    options = [f"-Djna.library.path={folders}", "-cp", JNA, ROOT / "examples/java/Predict.java"]
    for row in rows[:3]:
        _, found = run("java", *options, bundle, *map(str, row)).split()
        assert abs(float(found) - risk(row)) <= 1e-12
    refused = subprocess.run(["java", *options, bundle, "161", *map(str, EXAMPLE[1:])], capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "`age`: outside of its plausible range" in refused.stderr


def test_the_page_shows_the_equation_and_its_predictions(bundle, rows):
    table, page = bundle.with_name("women.csv"), bundle.with_name("page.html")
    numbers = random.Random(2)
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*NAMES, "cardiovascular disease in ten years"])
        for row in rows:
            levels = ["yes" if value else "no" for value in [*row[4:], numbers.random() < risk(row)]]
            writer.writerow([*row[:4], *levels])
    run(os.environ["NOMOGRAM_PROGRAM"], "report", bundle, table, "--config", f"{EQUATION}.report.yaml", "-o", page)
    text = page.read_text()
    assert "Framingham general cardiovascular risk, women 2008" in text
    assert "Circulation 2008;117:743-753" in text
    assert f"{len(rows)}" in text
