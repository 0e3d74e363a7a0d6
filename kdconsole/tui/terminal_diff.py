"""Sends a terminal only the cells that have changed.

Textual repaints whole regions: tens of KiB/s for charts that move by a few dots, too much for a slow link, and torn
inside tmux, which knows no synchronised output. Here every update is compared with a copy of what the terminal shows.

This is the only place that touches Textual's private parts (`App._display`, the compositor's updates); textual is
pinned to an exact version, and a test replays the bytes in a terminal emulator and compares every cell.
"""

from typing import TypeAlias, cast

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

Cell: TypeAlias = tuple[str, Style | None]

_NEAR = 5  # unchanged cells that are cheaper sent again than jumped over


class TerminalCopy:
    """What the terminal shows, cell by cell; None where that is not known."""

    def __init__(self) -> None:
        self._rows: list[list[Cell | None]] = []
        self._size = (0, 0)

    def forget(self) -> None:
        """Nothing is known any more: all that is drawn from now on is sent."""
        self._rows = []
        self._size = (0, 0)

    def fit(self, width: int, height: int) -> None:
        """Forget everything if the screen has another size."""
        if self._size != (width, height):
            self._size = (width, height)
            self._rows = [[None] * width for _ in range(height)]

    def draw(self, x: int, y: int, strip: Strip, console: Console) -> str:
        """The escape sequences that make the terminal show `strip` at (x, y); empty when it does already."""
        if not 0 <= y < len(self._rows):
            return ""
        row = self._rows[y]
        new = _cells(strip)
        if new is None or x < 0 or x + len(new) > len(row):
            # A wide glyph fills two cells and breaks when one of them is overwritten: such strips go out whole.
            end = min(len(row), max(0, x) + strip.cell_length)
            row[max(0, x - 1) : end + 1] = [None] * len(row[max(0, x - 1) : end + 1])
            return _move(x, y) + strip.render(console)
        system = console._color_system or ColorSystem.TRUECOLOR
        sequences: list[str] = []
        for begin, end in _changes(row, x, new):
            sequences.append(_move(x + begin, y))
            sequences.append(_render(new[begin:end], system))
        row[x : x + len(new)] = new
        return "".join(sequences)


def _move(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


def _cells(strip: Strip) -> list[Cell] | None:
    """The cells of a strip, None when a glyph in it is not one cell wide."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            return None
        if not text.isascii() and (cell_len(text) != len(text) or any(cell_len(char) != 1 for char in text)):
            return None
        cells.extend([(char, style) for char in text])
    return cells


def _same(old: Cell | None, new: Cell) -> bool:
    return old is not None and old[0] == new[0] and (old[1] is new[1] or old[1] == new[1])


def _changes(row: list[Cell | None], x: int, new: list[Cell]) -> list[tuple[int, int]]:
    """Ranges of `new` that differ from `row` at `x`, close ones joined."""
    ranges: list[tuple[int, int]] = []
    for place, cell in enumerate(new):
        if _same(row[x + place], cell):
            continue
        if ranges and place - ranges[-1][1] <= _NEAR:
            ranges[-1] = (ranges[-1][0], place + 1)
        else:
            ranges.append((place, place + 1))
    return ranges


def _render(cells: list[Cell], system: ColorSystem) -> str:
    parts: list[str] = []
    begin = 0
    for place in range(1, len(cells) + 1):
        style = cells[begin][1]
        if place < len(cells) and (cells[place][1] is style or cells[place][1] == style):
            continue
        text = "".join(char for char, _ in cells[begin:place])
        parts.append(text if style is None else Strip.render_style(style, text, color_system=system))
        begin = place
    return "".join(parts)


def difference(update: LayoutUpdate | ChopsUpdate, copy: TerminalCopy, console: Console) -> str:
    """What to send a terminal that shows `copy` so that it shows `update` too; `copy` is brought up to date."""
    sequences: list[str] = []
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            place = update.region.x
            for part in line:
                sequences.append(copy.draw(place, y, part, console))
                place += part.cell_length
        return "".join(sequences)
    for y, begin, end in update.spans:
        for strip_end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > end or strip_end <= begin:
                continue
            # As the compositor does: a strip is cut at the end of the span, never at its beginning.
            cropped = strip if strip_end <= end else strip.crop(0, end - x)
            sequences.append(copy.draw(x, y, cropped, console))
    return "".join(sequences)


class _Ready(CompositorUpdate):
    """An update whose bytes are known."""

    def __init__(self, sequences: str) -> None:
        self._sequences = sequences

    def render_segments(self, console: Console) -> str:
        return self._sequences


class TerminalDiff(App[int]):
    """An app that sends its terminal only changed cells. `terminal_copy.forget` makes it send all."""

    def __init__(self) -> None:
        self.terminal_copy = TerminalCopy()
        super().__init__()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate) or not self._is_sent():
            super()._display(screen, renderable)
            return
        self.terminal_copy.fit(*self.size)
        sequences = difference(renderable, self.terminal_copy, self.console)
        if sequences:
            super()._display(screen, cast("RenderableType", _Ready(sequences)))

    def _is_sent(self) -> bool:
        """Whether Textual is about to send an update; one that it drops must not enter the copy."""
        driver = self._driver
        return (
            driver is not None
            and not driver.is_inline
            and not driver.is_headless
            and not self._batch_count
            and self._running
            and not self._closed
        )
