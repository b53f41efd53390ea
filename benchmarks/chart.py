"""A bar chart as SVG, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

import msgspec

WIDTH: Final = 900
LABELS: Final = 300
BAR: Final = 18
STEP: Final = 26
TOP: Final = 64
OURS: Final = "#2a6fbb"
THEIRS: Final = "#9aa3ad"
BASE: Final = "#3f9b5f"


class Bar(msgspec.Struct, frozen=True):
    """One bar.

    Args:
        label: To its left.
        value: Its length.
        low: Lower quartile, for the whisker.
        high: Upper quartile.
        text: To its right.
        colour: `OURS`, `THEIRS` or `BASE`.
    """

    label: str
    value: float
    low: float
    high: float
    text: str
    colour: str


def chart(title: str, subtitle: str, bars: Sequence[Bar], longest: float) -> str:
    """Horizontal bars that begin at zero, with whiskers from quartile to quartile.

    A bar beyond ``longest`` is cut off there, and says so.
    """
    height = TOP + STEP * len(bars) + 10
    scale = (WIDTH - LABELS - 210) / min(longest, max(bar.high for bar in bars))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        '<g font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="16" font-weight="bold">{escape(title)}</text>',
        f'<text x="12" y="44" fill="#555555">{escape(subtitle)}</text>',
    ]
    for number, bar in enumerate(bars):
        top = TOP + STEP * number
        middle = top + BAR / 2
        cut = bar.value > longest
        length, low, high = (
            scale * min(longest, value) for value in (bar.value, bar.low, bar.high)
        )
        left = f'<text x="{LABELS - 8}" y="{middle + 4.5}" text-anchor="end">'
        right = f'<text x="{LABELS + max(length, high) + 8:.1f}" y="{middle + 4.5}">'
        size = f'width="{length:.1f}" height="{BAR}"'
        lines += [
            f"{left}{escape(bar.label)}</text>",
            f'<rect x="{LABELS}" y="{top}" {size} fill="{bar.colour}"/>',
            f'<path d="M{LABELS + low:.1f} {middle}h{high - low:.1f}" stroke="#222222"/>',
            f"{right}{'… ' if cut else ''}{escape(bar.text)}</text>",
        ]
    return "\n".join([*lines, "</g>", "</svg>", ""])
