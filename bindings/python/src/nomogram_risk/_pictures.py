"""Pictures of explanations as SVG, without any library."""

from __future__ import annotations

from html import escape

_ROW = 24
_LABELS = 220
_WIDTH = 720
_UP, _DOWN, _NEUTRAL = "#b2182b", "#2166ac", "#666666"


def waterfall(title: str, base: float, values: dict[str, float], n_players: int) -> str:
    """From the base to base plus all values, largest first."""
    steps = _largest(values, n_players)
    ends = [base]
    for _, value in steps:
        ends.append(ends[-1] + value)
    low, high = min(ends), max(ends)
    # From the bottom up, so that the sum is read last.
    lines = [("base", base, base, f"{base:.4g}")]
    lines += [
        (name, before, after, f"{after - before:+.4g}")
        for (name, _), before, after in zip(steps, ends, ends[1:], strict=False)
    ]
    lines.append(("prediction", ends[-1], ends[-1], f"{ends[-1]:.4g}"))
    return _picture(title, lines, low, high)


def bars(title: str, values: dict[str, float], n_players: int) -> str:
    """One bar per player, largest first."""
    shown = sorted(values.items(), key=lambda item: -item[1])[:n_players]
    high = max([value for _, value in shown], default=0.0)
    lines = [(name, 0.0, value, f"{value:.4g}") for name, value in shown]
    return _picture(title, lines, 0.0, high)


def _largest(values: dict[str, float], n_players: int) -> list[tuple[str, float]]:
    """The largest steps, and all others as one."""
    steps = sorted(values.items(), key=lambda item: -abs(item[1]))
    if len(steps) <= n_players:
        return steps
    kept, others = steps[: n_players - 1], steps[n_players - 1 :]
    return [*kept, (f"{len(others)} others", sum(value for _, value in others))]


def _picture(
    title: str, lines: list[tuple[str, float, float, str]], low: float, high: float
) -> str:
    """One line per step: its name, where it begins and ends, and its text."""
    width = (high - low) or 1.0

    def x(value: float) -> float:
        return _LABELS + (value - low) / width * (_WIDTH - _LABELS - 90)

    height = _ROW * (len(lines) + 1) + 10
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<text x="8" y="17" font-weight="bold">{escape(title)}</text>',
    ]
    for index, (name, before, after, label) in enumerate(lines, 1):
        y = index * _ROW + 4
        left, right = sorted((x(before), x(after)))
        colour = _UP if after > before else _DOWN if after < before else _NEUTRAL
        svg.append(f'<text x="{_LABELS - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>')
        svg.append(
            f'<rect x="{left:.1f}" y="{y + 3}" width="{max(right - left, 2):.1f}" '
            f'height="{_ROW - 6}" fill="{colour}"/>'
        )
        svg.append(f'<text x="{right + 5:.1f}" y="{y + 15}">{escape(label)}</text>')
    svg.append("</svg>")
    return "\n".join(svg) + "\n"
