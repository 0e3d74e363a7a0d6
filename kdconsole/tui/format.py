"""Numbers, times and names in few columns."""

import math


def duration(seconds: float) -> str:
    """A length of time in two units at most: "42s", "4m10s", "1h12m", "3d4h"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def age(seconds: float) -> str:
    """How long ago, in one unit: "42s", "14m", "3h", "12d"."""
    whole = max(0, int(seconds))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def value(number: float | None) -> str:
    """A measured value in at most six characters; "–" where there is none."""
    if number is None or math.isnan(number):
        return "–"
    size = abs(number)
    if size >= 1e5 or 0 < size < 1e-3:
        return f"{number:.0e}".replace("e-0", "e-").replace("e+0", "e")
    if size >= 1000:
        return f"{number:.0f}"
    if size >= 100:
        return f"{number:.1f}"
    return f"{number:.2f}" if size >= 1 or size == 0 else f"{number:.3f}"


def tick(number: float, step: float) -> str:
    """An axis label: as many decimals as `step`, the distance between two labels, needs; at most five characters."""
    if number == 0:
        return "0"
    size = abs(number)
    one_digit = abs(float(f"{number:.0e}") - number) < step / 10
    if size < 1 and 1e-4 <= step * (1 + 1e-9) < 1e-3 and not one_digit:
        return f"{number:.4f}".replace("0.", ".", 1)  # a small range of small numbers, learning rates say
    if size >= 1e5 or (step < 1e-3 and size < 1):
        return f"{number:.0e}".replace("e-0", "e-").replace("e+0", "e")
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    text = f"{number:.{decimals}f}"
    return text if len(text) <= 5 else f"{number:.5g}"[:5]


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` characters; the middle becomes "…", for names differ at their ends."""
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = (width - 1) // 2
    return text[: width - 1 - tail] + "…" + (text[-tail:] if tail else "")
