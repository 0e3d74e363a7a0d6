"""A line chart in braille."""

from collections.abc import Hashable

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from kdconsole.tui.chart_data import ChartData
from kdconsole.tui.columns import CurveCache
from kdconsole.tui.format import value
from kdconsole.tui.palette import Palette
from kdconsole.tui.raster import (
    AXIS,
    REFERENCE,
    REFERENCE_SIGN,
    SIGNS,
    Picture,
    Trace,
    line_owner,
    plot_columns,
    rasterise,
)
from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.lines import strip_of
from kdconsole.tui.widgets.rule import rule


class Chart(Drawn):
    """Draws what `show` is given: a title with a legend, and curves with axes."""

    DEFAULT_CSS = "Chart { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._caches: dict[str, CurveCache] = {}
        self._generation = -1
        self._shown: tuple[Hashable, ...] | None = None

    def show(self, data: ChartData | None, *, focused: bool, generation: int) -> None:
        """Draw `data`. A new `generation` says that points drawn before may have changed, not only more have come."""
        width, height = self.size
        if data is None or width < 4 or height < 2:
            self._shown = None
            self.show_strips([])
            return
        # Most charts of a screen have nothing new when one has; drawing is what costs.
        wanted = (_fingerprint(data), width, height, focused, generation, self.app.theme)
        if wanted == self._shown:
            return
        self._shown = wanted
        if generation != self._generation:
            self._caches.clear()
            self._generation = generation
        traces = self._traces(data, plot_columns(width))
        levels = [reference.y for reference in data.references]
        picture = rasterise(width, height - 1, traces, data.x, references=levels, log=data.log, ceiling=data.ceiling)
        words, signs = headline(data, self.palette, width)
        title = rule(words, width, self.palette, focused=focused, legend=signs)
        strips = [strip_of(title), *picture_strips(picture, self.palette)]
        if not any(len(curve.series) for curve in data.curves):
            strips[1 + (height - 1) // 2] = strip_of(_centred("no values yet", width, self.palette))
        self.show_strips(strips)

    def _traces(self, data: ChartData, columns: int) -> list[Trace]:
        kept: dict[str, CurveCache] = {}
        traces = []
        for place, curve in enumerate(data.curves):
            factor = data.smoothing if curve.smooth else 0.0
            name = f"{data.key} {curve.label} {id(curve.series)}"
            cache = self._caches.get(name)
            if cache is None or cache.key != (data.x.low, data.x.high, columns, factor):
                cache = CurveCache(data.x.low, data.x.high, columns, factor)
            cache.take(curve.series)
            kept[name] = cache
            if cache.smooth is not None:
                traces.append(Trace(cache.smooth, cache.raw, place))
            else:
                traces.append(Trace(cache.raw, None, place))
        self._caches = kept
        return traces


def _fingerprint(data: ChartData) -> Hashable:
    """Two equal ones look the same, as long as earlier points have not changed."""
    curves = tuple(
        (curve.label, id(curve.series), len(curve.series), curve.series.y[-1:].tobytes()) for curve in data.curves
    )
    return data.key, data.title, curves, data.x, data.references, data.log, data.smoothing, data.ceiling


def chart_title(data: ChartData) -> str:
    """The chart's name and how it is drawn."""
    parts = [data.title]
    if data.smoothing:
        parts.append(f"ema {data.smoothing:g}".replace("0.", "."))
    if data.log:
        parts.append("log")
    return " · ".join(parts)


def headline(data: ChartData, palette: Palette, width: int) -> tuple[str, Text]:
    """Title and legend: sign, name and last value of each curve. Where that is too long, values go first, then spaces."""
    legend = Text()
    for title in (chart_title(data), data.title):
        for with_values, gap in ((True, 2), (False, 2), (False, 1)):
            legend = _legend(data, palette, with_values=with_values, gap=gap)
            if len(title) + len(legend) + 7 <= width:
                return title, legend
    return data.title, legend


def _legend(data: ChartData, palette: Palette, *, with_values: bool, gap: int) -> Text:
    text = Text(no_wrap=True)
    entries: list[tuple[str, str, Style, float | None]] = [
        (SIGNS[place % len(SIGNS)], curve.label, palette.series[place % len(palette.series)], curve.series.last)
        for place, curve in enumerate(data.curves)
    ]
    entries += [(REFERENCE_SIGN * 2, each.label, palette.reference, each.y) for each in data.references]
    for place, (sign, label, style, last) in enumerate(entries):
        text.append(" " * gap if place else "")
        text.append(sign + " " * (gap - 1), style)
        text.append(label)
        if with_values and last is not None:
            text.append(f" {value(last)}", style)
    return text


def _centred(words: str, width: int, palette: Palette) -> Text:
    line = Text(no_wrap=True)
    line.append(words.center(width), palette.dim)
    return line


def picture_strips(picture: Picture, palette: Palette) -> list[Strip]:
    """The rows of a picture in colour: neighbouring cells of one owner become one segment."""
    styles: dict[int, Style] = {0: palette.plain, AXIS: palette.dim, REFERENCE: palette.reference}
    strips = []
    for row, owners in zip(picture.rows, picture.owners, strict=True):
        segments: list[Segment] = []
        begin = 0
        for place in range(1, len(row) + 1):
            if place < len(row) and owners[place] == owners[begin]:
                continue
            owner = owners[begin]
            style = styles.get(owner) or _curve_style(owner, palette)
            segments.append(Segment(row[begin:place], style))
            begin = place
        strips.append(Strip(segments, len(row)))
    return strips


def _curve_style(owner: int, palette: Palette) -> Style:
    index, is_line = divmod(owner - line_owner(0) + 1, 2)
    styles = palette.series if is_line else palette.bands
    return styles[index % len(styles)]
