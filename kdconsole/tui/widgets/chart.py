"""A line chart in braille."""

from collections.abc import Hashable

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from kdconsole.tui.chart_data import ChartData, Curve
from kdconsole.tui.columns import CurveCache
from kdconsole.tui.format import value
from kdconsole.tui.palette import Palette
from kdconsole.tui.raster import (
    AXIS,
    BASELINE,
    CURSOR,
    MARK,
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
        self._pictured: tuple[Hashable, ...] | None = None
        self._picture: list[Strip] = []
        self._focused = False

    def show(self, data: ChartData | None, *, focused: bool, generation: int) -> None:
        """Draw `data`. A new `generation` says that points drawn before may have changed, not only more have come."""
        width, height = self.size
        if data is None:
            self._caches.clear()  # which know a series by its address, and another one may have that next
        if data is None or width < 4 or height < 2:
            self._pictured = None
            self.show_strips([])
            return
        # Most charts of a screen have nothing new when one has, or need but another title; drawing is what costs.
        wanted = (_fingerprint(data), width, height, generation, self.app.theme)
        if wanted != self._pictured:
            self._pictured = wanted
            self._picture = self._drawn(data, width, height, generation)
        elif focused == self._focused:
            return
        self._focused = focused
        words, signs = headline(data, self.palette, width)
        title = rule(words, width, self.palette, focused=focused, legend=signs)
        self.show_strips([strip_of(title), *self._picture])

    def _drawn(self, data: ChartData, width: int, height: int, generation: int) -> list[Strip]:
        """All rows but the title."""
        if generation != self._generation:
            self._caches.clear()
            self._generation = generation
        traces = self._traces(data, plot_columns(width))
        levels = [reference.y for reference in data.references]
        picture = rasterise(
            width,
            height - 1,
            traces,
            data.x,
            references=levels,
            log=data.log,
            ceiling=data.ceiling,
            cursor=data.cursor,
            busy=data.busy,
            marks=data.marks,
        )
        strips = picture_strips(picture, self.palette)
        if not any(len(curve.series) for curve in data.curves):
            strips[(height - 1) // 2] = strip_of(_centred("no values yet", width, self.palette))
        return strips

    def _traces(self, data: ChartData, columns: int) -> list[Trace]:
        kept: dict[str, CurveCache] = {}
        traces = []
        for place, curve in enumerate(data.curves):
            factor = data.smoothing if curve.smooth else 0.0
            name = f"{data.key} {curve.label} {id(curve.series)}"
            cache = self._caches.get(name)
            if cache is None or cache.factor != factor:
                cache = CurveCache(data.x.low, data.x.high, columns, factor, data.x.log)
            cache.show(data.x.low, data.x.high, columns, data.x.log)
            cache.take(curve.series)
            kept[name] = cache
            line, band = (cache.smooth, cache.raw) if cache.smooth is not None else (cache.raw, None)
            traces.append(Trace(line, None if curve.baseline else band, place, curve.baseline))
        self._caches = kept
        return traces


def _fingerprint(data: ChartData) -> Hashable:
    """Two equal ones look the same, as long as earlier points have not changed."""
    curves = tuple(
        (curve.label, id(curve.series), len(curve.series), curve.series.y[-1:].tobytes()) for curve in data.curves
    )
    drawn = (data.x, data.references, data.log, data.smoothing, data.ceiling, data.cursor, data.busy, data.marks)
    return data.key, data.title, curves, *drawn


def chart_title(data: ChartData) -> str:
    """The chart's name and how it is drawn."""
    parts = [data.title]
    if data.smoothing:
        parts.append(f"ema {data.smoothing:g}".replace("0.", "."))
    if data.log:
        parts.append("log")
    if data.x.log:
        parts.append("log x")
    return " · ".join(parts)


def headline(data: ChartData, palette: Palette, width: int) -> tuple[str, Text]:
    """Title and legend: sign, name and last value of each curve. Where that is too long, values go first, then spaces; names
    where there is a cursor, whose values are what a person looks for.
    """
    legend = Text()
    shapes = [(True, True, 2), (True, False, 2), (True, False, 1)]
    if data.cursor is not None:
        shapes = [(True, True, 2), (False, True, 2), (False, True, 1)]
    for title in (chart_title(data), data.title):
        for with_names, with_values, gap in shapes:
            legend = _legend(data, palette, with_names=with_names, with_values=with_values, gap=gap)
            if len(title) + len(legend) + 7 <= width:
                return title, legend
    return data.title, legend


def _legend(data: ChartData, palette: Palette, *, with_names: bool, with_values: bool, gap: int) -> Text:
    text = Text(no_wrap=True)
    entries: list[tuple[str, str, Style, float | None]] = [
        (SIGNS[place % len(SIGNS)], curve.label, _curve_style(place, curve, palette), data.value(curve))
        for place, curve in enumerate(data.curves)
    ]
    if with_names:  # a level is the same at every cursor
        entries += [(REFERENCE_SIGN * 2, each.label, palette.reference, each.y) for each in data.references]
    for place, (sign, label, style, last) in enumerate(entries):
        text.append(" " * gap if place else "")
        text.append(sign + " " * (gap - 1), style)
        text.append(label if with_names else "")
        if with_values and (last is not None or data.cursor is not None):
            text.append(" " * with_names + value(last), style)
    return text


def _centred(words: str, width: int, palette: Palette) -> Text:
    line = Text(no_wrap=True)
    line.append(words.center(width), palette.dim)
    return line


def picture_strips(picture: Picture, palette: Palette) -> list[Strip]:
    """The rows of a picture in colour: neighbouring cells of one owner become one segment."""
    styles: dict[int, Style] = {
        0: palette.plain,
        AXIS: palette.dim,
        REFERENCE: palette.reference,
        CURSOR: palette.accent,
        BASELINE: palette.dim,
        MARK: palette.dim,
    }
    strips = []
    for row, owners in zip(picture.rows, picture.owners, strict=True):
        segments: list[Segment] = []
        begin = 0
        for place in range(1, len(row) + 1):
            if place < len(row) and owners[place] == owners[begin]:
                continue
            owner = owners[begin]
            style = styles[owner] if owner in styles else _owner_style(owner, palette)
            segments.append(Segment(row[begin:place], style))
            begin = place
        strips.append(Strip(segments, len(row)))
    return strips


def _curve_style(place: int, curve: Curve, palette: Palette) -> Style:
    return palette.dim if curve.baseline else palette.series[place % len(palette.series)]


def _owner_style(owner: int, palette: Palette) -> Style:
    index, is_line = divmod(owner - line_owner(0) + 1, 2)
    styles = palette.series if is_line else palette.bands
    return styles[index % len(styles)]
