"""Writes docs/benchmarks.md, its charts and the table of docs/performance.md from results.json.

``python document.py results.json DOCS``
"""

from __future__ import annotations

import json
import re
import sys
from html import escape
from pathlib import Path
from textwrap import fill
from typing import Any

# Work, rows of a call (0: each batch), peers (none: all), how many times as fast, or a limit in us.
GOALS: list[tuple[str, int, tuple[str, ...], float]] = [
    ("M1", 1, ("plain C",), 1.0),
    ("M2", 1, ("lleaves",), 1.0),
    ("M4", 1, ("plain C",), 1.0),
    ("M5", 1, ("lleaves",), 1.0),
    ("M5x", 1, (), 3.0),
    ("M6", 1, (), 3.0),
    ("M1", 0, ("ONNX Runtime",), 6.0),
    ("M1", 0, ("plain C",), 2.0),
    ("M2", 0, ("lleaves",), 1.5),
    ("M3", 0, ("plain C",), 1.0),
    ("M4", 0, ("ONNX Runtime",), 1.2),
    ("M5", 0, ("lleaves",), 1.5),
    ("M5x", 0, (), 2.0),
    ("M6", 0, (), 2.0),
]
# Work, milliseconds of opening again in the same process.
OPENING_GOALS = [("M1", 0.5), ("M5", 10.0)]
# From Python: microseconds of one row of M3, share of the rate from C, times scikit-learn's rate.
PYTHON_ROW, PYTHON_SHARE, PYTHON_FACTOR = 3.0, 0.95, 3.0
WIDTH = 120
OURS = ("Nomogram", "Nomogram, Python")
BEGIN, END = "<!-- results: written by benches/peers/document.py -->", "<!-- end of results -->"


def seconds(work: dict[str, Any], peer: str, n_rows: int) -> float:
    """The best round of a library, in seconds per row."""
    times = next(p["seconds_per_row"] for p in work["peers"] if p["name"] == peer)
    return float(times[str(n_rows)]["min"])


def sizes(work: dict[str, Any]) -> list[int]:
    """The rows per call that were timed."""
    return [int(size) for size in work["peers"][0]["seconds_per_row"]]


def others(work: dict[str, Any]) -> list[str]:
    """The other libraries."""
    return [peer["name"] for peer in work["peers"] if peer["name"] not in OURS]


def number(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def work_table(work: dict[str, Any]) -> str:
    """All that was measured with one model."""
    head = ["library", "called through"]
    head += ["1 row, µs: best (median)"]
    head += [f"{size:,} rows, million/s" for size in sizes(work) if size > 1]
    head += ["opening, ms: first (again)", "peak memory, MB", "largest difference"]
    rows = []
    for peer in work["peers"]:
        times = peer["seconds_per_row"]
        one = times["1"]
        cells = [peer["name"], peer["how"]]
        cells.append(f"{number(one['min'] * 1e6)} ({number(one['median'] * 1e6)})")
        cells += [number(1e-6 / times[str(size)]["min"]) for size in sizes(work) if size > 1]
        first, again = peer["opening_seconds"] * 1e3, peer["opening_again_seconds"] * 1e3
        cells += [f"{number(first)} ({number(again)})", number(peer["peak_kib"] / 1024)]
        beyond = peer["n_beyond_1e-4"]
        cells.append(f"{peer['largest_difference']:.1g}" + (f", {beyond} rows" if beyond else ""))
        rows.append(cells)
    return table(head, rows)


def reached(found: float, least: float) -> str:
    """Whether a goal is reached; a miss of less than half a percent is not called one by 1×."""
    if found >= least:
        return "reached"
    return "nearly reached" if least / found < 1.005 else f"missed by {number(least / found)}×"


def python_goals(works: list[dict[str, Any]]) -> str:
    """The same goals for the Python package, whose rates are compared with those of C in the run."""
    rows = []
    for work in works:
        batches = [size for size in sizes(work) if size > 1]
        python = {size: seconds(work, "Nomogram, Python", size) for size in [1, *batches]}
        shares = [seconds(work, "Nomogram", size) / python[size] for size in batches]
        one = number(python[1] * 1e6)
        if work["name"] == "M3":
            one += f" ({reached(PYTHON_ROW, python[1] * 1e6)})"
        cells = [work["name"], one, ratios(shares, PYTHON_SHARE), ""]
        if "scikit-learn" in others(work):
            factors = [seconds(work, "scikit-learn", size) / python[size] for size in batches]
            cells[-1] = ratios(factors, PYTHON_FACTOR)
        rows.append(cells)
    return table(
        [
            "model",
            "one row, µs",
            "batches: share of the rate from C",
            "batches: times scikit-learn's rate",
        ],
        rows,
    )


def ratios(values: list[float], least: float) -> str:
    """The ratios of each size of batches, and whether the smallest is enough."""
    shown = " / ".join(f"{value:.2f}" for value in values)
    return f"{shown} ({reached(min(values), least)})"


def goals(works: dict[str, dict[str, Any]]) -> str:
    """Each goal beside what was measured."""
    rows = []
    for name, n_rows, peers, factor in GOALS:
        work = works.get(name)
        if work is None:
            continue
        timed = [peer["name"] for peer in work["peers"]]
        taken = [peer for peer in peers or others(work) if peer in timed]
        if not taken:
            size = f"{n_rows:,}" if n_rows else "batches"
            rows.append([name, size, f"≥ {factor:g}× {peers[0]}", "", "not timed"])
            continue
        for size in [n_rows] if n_rows else [size for size in sizes(work) if size > 1]:
            best = min(taken, key=lambda peer: seconds(work, peer, size))
            ratio = seconds(work, best, size) / seconds(work, "Nomogram", size)
            verdict = reached(ratio, factor)
            what = f"≥ {factor:g}× {best}" + ("" if peers else ", the fastest")
            rows.append([name, f"{size:,}", what, f"{ratio:.2f}×", verdict])
    if "M3" in works:
        one = seconds(works["M3"], "Nomogram", 1) * 1e6
        verdict = reached(0.08, one)
        rows.insert(2, ["M3", "1", "≤ 0.08 µs", f"{number(one)} µs", verdict])
    for name, most in OPENING_GOALS:
        if name not in works:
            continue
        ours = works[name]["peers"][0]
        first, again = ours["opening_seconds"] * 1e3, ours["opening_again_seconds"] * 1e3
        verdict = reached(most, again)
        measured = f"{number(again)} ms; first {number(first)} ms"
        rows.append([name, "opening again", f"≤ {most:g} ms", measured, verdict])
    return table(["model", "rows a call", "goal, in speed", "measured", ""], rows)


def chart(works: list[dict[str, Any]], n_rows: int, title: str) -> str:
    """Horizontal bars on a logarithmic scale: microseconds per row, shorter is faster."""
    lines, y = [], 50
    values = [seconds(w, p["name"], n_rows) * 1e6 for w in works for p in w["peers"]]
    powers = [-3]
    while 10.0 ** powers[-1] < max(values):
        powers.append(powers[-1] + 1)
    left, width = 190, 520
    scale = width / (powers[-1] - powers[0])

    def at(value: float) -> float:
        from math import log10

        return left + (log10(max(value, 10.0 ** powers[0])) - powers[0]) * scale

    for work in works:
        lines.append(f'<text x="8" y="{y + 11}" font-weight="bold">{escape(work["name"])}</text>')
        for peer in work["peers"]:
            value = seconds(work, peer["name"], n_rows) * 1e6
            color = "#1f6f8b" if peer["name"] in OURS else "#a9b4bd"
            lines.append(
                f'<text x="{left - 6}" y="{y + 11}" text-anchor="end">{escape(peer["name"])}</text>'
                f'<rect x="{left}" y="{y}" width="{at(value) - left:.1f}" height="13"'
                f' fill="{color}"/>'
                f'<text x="{at(value) + 5:.1f}" y="{y + 11}">{number(value)}</text>'
            )
            y += 17
        y += 10
    grid = "".join(
        f'<line x1="{at(10.0**p):.1f}" x2="{at(10.0**p):.1f}" y1="40" y2="{y}" stroke="#ddd"/>'
        f'<text x="{at(10.0**p):.1f}" y="36" text-anchor="middle">{10.0**p:g}</text>'
        for p in powers
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 {y + 10}" width="780"'
        ' font-family="sans-serif" font-size="11">'
        f'<rect width="780" height="{y + 10}" fill="white"/>'
        f'<text x="8" y="18" font-size="14">{escape(title)}</text>{grid}{"".join(lines)}</svg>\n'
    )


def wrapped(text: str) -> str:
    """Long lines of prose as several; rows of tables cannot be."""
    lines = re.sub(r"\n{3,}", "\n\n", text).splitlines()
    is_short = [len(line) <= WIDTH or line.startswith("|") for line in lines]
    filled = [
        line if short else fill(line, WIDTH, break_on_hyphens=False)
        for line, short in zip(lines, is_short, strict=True)
    ]
    return "\n".join(filled) + "\n"


def load_note(loads: list[float], n_processors: int) -> str:
    """Whether the machine was under load, and what follows."""
    found = f"the load average was {min(loads):.1f} to {max(loads):.1f} on {n_processors} processors"
    if max(loads) <= n_processors:
        return f"The machine was nearly idle: {found}.\n"
    return (
        f"**The machine was under load**: {found}. Times are processor times of the process, which "
        "leave out waiting for a processor, but not what other programs do to caches, clock and "
        "hyper-threads. So take the ratios within one model, not the times, and repeat a close result "
        "on an idle machine.\n"
    )


def sizes_note(works: list[dict[str, Any]]) -> str:
    """Which models were not timed with the largest batches."""
    largest = max(size for work in works for size in sizes(work))
    short = [work["name"] for work in works if largest not in sizes(work)]
    if not short:
        return ""
    return f"{', '.join(short)} were not timed with {largest:,} rows a call.\n"


def summary(works: list[dict[str, Any]]) -> str:
    """The numbers of docs/performance.md: ours alone."""
    rows = []
    for work in works:
        fastest = {n: min(others(work), key=lambda p: seconds(work, p, n)) for n in (1, 10_000)}
        cells = [f"{work['name']}: {work['what']}"]
        cells.append(number(seconds(work, "Nomogram", 1) * 1e6))
        cells.append(f"{number(seconds(work, fastest[1], 1) * 1e6)} ({fastest[1]})")
        cells.append(number(1e-6 / seconds(work, "Nomogram", 10_000)))
        cells.append(f"{number(1e-6 / seconds(work, fastest[10_000], 10_000))} ({fastest[10_000]})")
        rows.append(cells)
    head = ["model", "one row, µs", "fastest other", "10,000 rows, million/s", "fastest other"]
    return table(head, rows)


def main() -> None:
    """Writes everything."""
    results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    docs = Path(sys.argv[2])
    order = ["M1", "M2", "M2x", "M3", "M4", "M5", "M5x", "M6", "M7", "M8"]
    works = sorted(results["works"], key=lambda work: order.index(work["name"]))
    by_name = {work["name"]: work for work in works}
    machine = results["machine"]
    loads = [load for work in works for load in work["load"]]
    versions = ", ".join(f"{name} {v}" for name, v in sorted(machine["versions"].items()))
    text = (Path(__file__).parent / "benchmarks.md.in").read_text(encoding="utf-8")
    tables = "\n\n".join(f"### {w['name']}: {w['what']}\n\n{work_table(w)}" for w in works)
    for key, value in {
        "date": results["date"],
        "processor": f"{machine['processor']}, {', '.join(machine['vector_instructions'])}",
        "n_processors": str(machine["n_processors"]),
        "system": machine["system"],
        "compiler": machine["compiler"],
        "python": machine["python"],
        "versions": versions,
        "load": load_note(loads, machine["n_processors"]),
        "sizes": sizes_note(works),
        "note": results.get("note", ""),
        "goals": goals(by_name),
        "python_goals": python_goals(works),
        "tables": tables,
    }.items():
        text = text.replace("{{" + key + "}}", value)
    (docs / "benchmarks.md").write_text(wrapped(text), encoding="utf-8")
    for n_rows, name, what in (
        (1, "one-row", "One row: microseconds, shorter is faster"),
        (10_000, "batch", "Batches of 10,000 rows: microseconds per row, shorter is faster"),
    ):
        path = docs / f"benchmarks-{name}.svg"
        path.write_text(chart(works, n_rows, what), encoding="utf-8")
    page = docs / "performance.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{summary(works)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
