"""Sends a terminal only the cells that have changed.

Textual repaints whole regions: tens of KiB/s for charts that move by a few dots, too much for a slow link, and torn
inside tmux, which knows no synchronised output. Here every update is compared with a copy of what the terminal shows.

This is the only place that touches Textual's private parts (`App._display`, the compositor's updates); textual is
pinned to an exact version, and a test replays the bytes in a terminal emulator and compares every cell.
"""

import functools
import itertools
import operator
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias, cast

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

QUEUED = 2  # writes that may wait while another one is on its way
RETRY_SECONDS = 0.1
BRIDGE = 4  # cells that it takes no more bytes to write again than to jump over
MOST_SIGNS = 10_000  # that are remembered to be one cell wide


class Look(NamedTuple):
    """A style as a terminal has it: codes of attributes, of the colour and of the ground; "" is the terminal's own."""

    attributes: frozenset[str]
    color: str
    ground: str


PLAIN = Look(frozenset(), "", "")
_NARROW: set[str] = set()  # glyphs that have been found to be one cell wide
Cell: TypeAlias = tuple[str, Look]  # a character; what is compared are thousands of these, which Python does without us


class TerminalCopy:
    """What the terminal shows, cell by cell; None where that is not known."""

    def __init__(self) -> None:
        self._rows: list[list[Cell | None]] = []
        self._size = (0, 0)

    @property
    def width(self) -> int:
        """Columns of the screen."""
        return self._size[0]

    def forget(self) -> None:
        """Nothing is known any more: all that is drawn from now on is sent."""
        self._rows = []
        self._size = (0, 0)

    def fit(self, width: int, height: int) -> None:
        """Forget everything if the screen has another size."""
        if self._size != (width, height):
            self._size = (width, height)
            self._rows = [[None] * width for _ in range(height)]

    def draw(self, x: int, y: int, strip: Strip, pen: "Pen", console: Console) -> None:
        """Let `pen` write what makes the terminal show `strip` at (x, y); nothing when it does already."""
        if not 0 <= y < len(self._rows):
            return
        row = self._rows[y]
        new = _cells(strip, pen.system)
        if new is None or x < 0 or x + len(new) > len(row):
            # A wide glyph fills two cells and breaks when one of them is overwritten: such strips go out whole.
            end = min(len(row), max(0, x) + strip.cell_length)
            row[max(0, x - 1) : end + 1] = [None] * len(row[max(0, x - 1) : end + 1])
            pen.write_ready(x, y, strip.render(console))
            return
        old = row[x : x + len(new)]
        if old == new:
            return
        row[x : x + len(new)] = new
        for begin, end in _runs(old, new):
            pen.write(x + begin, y, new[begin:end])


class Pen:
    """Writes cells with as few bytes as possible: it knows where the cursor is, and in which style it writes."""

    def __init__(self, width: int, system: ColorSystem) -> None:
        self.system = system
        self._width = width
        self._parts: list[str] = []
        self._x = self._y = -1  # of the cursor; -1: not known
        self._look = PLAIN

    def write(self, x: int, y: int, cells: Sequence[Cell]) -> None:
        """Write `cells` of one look at (x, y)."""
        self._go_to(x, y)
        self._turn_to(cells[0][1])
        self._parts.extend([char for char, _ in cells])
        self._x += len(cells)
        if self._x == self._width:
            self._x = self._y = -1  # where a cursor is after the last column, terminals do not agree

    def write_ready(self, x: int, y: int, sequences: str) -> None:
        """Write at (x, y) what has its own styles, and glyphs of any width."""
        self._turn_to(PLAIN)
        self._parts.append(f"\x1b[{y + 1};{x + 1}H{sequences}")
        self._x = self._y = -1

    def finished(self) -> str:
        """All that was written; the terminal's style is plain after it."""
        self._turn_to(PLAIN)
        return "".join(self._parts)

    def _go_to(self, x: int, y: int) -> None:
        if x != self._x or y != self._y:
            self._parts.append(_movement(self._x, self._y, x, y))
            self._x, self._y = x, y

    def _turn_to(self, look: Look) -> None:
        if look != self._look:
            self._parts.append(_turn(self._look, look))
            self._look = look


_ENDS = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29", "21": "24",
    "51": "54", "52": "54", "53": "55",
}  # fmt: skip


@functools.lru_cache(1024)
def _look(style: Style | None, system: ColorSystem) -> Look:
    """How `style` looks on a terminal with so many colours."""
    attributes: set[str] = set()
    color = ground = ""
    codes = Strip.render_ansi(style, system) if style is not None else ""
    rest = iter(codes.split(";") if codes else ())
    for code in rest:
        number = int(code)
        if number in (38, 48):
            kind = next(rest)
            code = ";".join([code, kind, *itertools.islice(rest, 1 if kind == "5" else 3)])
        if number == 38 or 30 <= number < 38 or 90 <= number < 98:
            color = code
        elif number == 48 or 40 <= number < 48 or 100 <= number < 108:
            ground = code
        elif number not in (39, 49):
            attributes.add(code)
    return Look(frozenset(attributes), color, ground)


@functools.lru_cache(4096)
def _turn(old: Look, new: Look) -> str:
    """The shortest sequence after which a terminal that writes as `old` writes as `new`."""
    afresh = ["0", *sorted(new.attributes), *filter(None, (new.color, new.ground))]
    ends = {_ENDS[code] for code in old.attributes - new.attributes}
    begins = {code for code in new.attributes if code not in old.attributes or _ENDS[code] in ends}
    gradual = [*sorted(ends), *sorted(begins)]
    if new.color != old.color:
        gradual.append(new.color or "39")
    if new.ground != old.ground:
        gradual.append(new.ground or "49")
    codes = min(";".join(gradual), ";".join(afresh) if len(afresh) > 1 else "", key=len)
    return f"\x1b[{codes}m"


def _movement(from_x: int, from_y: int, x: int, y: int) -> str:
    """The shortest sequence that moves the cursor to (x, y)."""
    if y == from_y and x > from_x:
        return f"\x1b[{x - from_x}C" if x > from_x + 1 else "\x1b[C"
    absolute = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
    if from_y < 0:
        return absolute
    down, right = y - from_y, x - from_x
    relative = ""
    if down:
        relative = f"\x1b[{abs(down) if abs(down) > 1 else ''}{'B' if down > 0 else 'A'}"
    if right > 0:
        relative += f"\x1b[{right if right > 1 else ''}C"
    elif right < 0:
        relative += min("\b" * -right, "\r" if x == 0 else f"\x1b[{-right}D", key=len)
    return min(absolute, relative, key=len)


def _cells(strip: Strip, system: ColorSystem) -> list[Cell] | None:
    """The cells of a strip, None when a glyph in it is not one cell wide."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control or (style is not None and style.link):
            return None
        if not text.isascii() and not _is_narrow(text):
            return None
        cells.extend(zip(text, itertools.repeat(_look(style, system))))
    return cells


def _is_narrow(text: str) -> bool:
    """Whether each glyph is one cell wide."""
    new = set(text) - _NARROW
    if any(cell_len(char) != 1 for char in new) or cell_len(text) != len(text):
        return False
    if len(_NARROW) < MOST_SIGNS:
        _NARROW.update(new)
    return True


def _runs(old: Sequence[Cell | None], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """From where to where cells in `new` differ from `old` that lie side by side, or nearly so, and have one look."""
    begin = end = -1
    look = PLAIN
    for place in itertools.compress(itertools.count(), map(operator.ne, old, new)):
        if place == end and new[place][1] == look:
            end += 1
            continue
        if begin >= 0:
            if place - end <= BRIDGE and all(cell[1] == look and cell[0].isascii() for cell in new[end : place + 1]):
                end = place + 1
                continue
            yield begin, end
        begin, end, look = place, place + 1, new[place][1]
    if begin >= 0:
        yield begin, end


def difference(update: LayoutUpdate | ChopsUpdate, copy: TerminalCopy, console: Console) -> str:
    """What to send a terminal that shows `copy` so that it shows `update` too; `copy` is brought up to date."""
    pen = Pen(copy.width, console._color_system or ColorSystem.TRUECOLOR)
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            place = update.region.x
            for part in line:
                copy.draw(place, y, part, pen, console)
                place += part.cell_length
        return pen.finished()
    for y, begin, end in update.spans:
        for strip_end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > end or strip_end <= begin:
                continue
            # As the compositor does: a strip is cut at the end of the span, never at its beginning.
            cropped = strip if strip_end <= end else strip.crop(0, end - x)
            copy.draw(x, y, cropped, pen, console)
    return pen.finished()


class _Ready(CompositorUpdate):
    """An update whose bytes are known."""

    def __init__(self, sequences: str) -> None:
        self._sequences = sequences

    def render_segments(self, console: Console) -> str:
        return self._sequences


class TerminalDiff(App[int]):
    """An app that sends its terminal only changed cells. `terminal_copy.forget` makes it send all.

    A terminal that is slow to take them gets fewer pictures, never old ones: while some wait to be sent none is added, and
    then the newest follows, whole.
    """

    def __init__(self) -> None:
        self.terminal_copy = TerminalCopy()
        self._held_back = False
        super().__init__()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate) or not self._is_sent():
            super()._display(screen, renderable)
            return
        if self._is_behind():
            if not self._held_back:
                self._held_back = True
                self.set_timer(RETRY_SECONDS, self._catch_up)
            return
        self.terminal_copy.fit(*self.size)
        sequences = difference(renderable, self.terminal_copy, self.console)
        if sequences:
            super()._display(screen, cast("RenderableType", _Ready(sequences)))

    def _catch_up(self) -> None:
        """Draw everything: the copy of the terminal knows which part of that is new."""
        self._held_back = False
        self.screen.refresh()

    def _is_behind(self) -> bool:
        """Whether the terminal has not taken what was sent before; Textual would wait for it, deaf to keys."""
        writer = getattr(self._driver, "_writer_thread", None)
        return writer is not None and writer._queue.qsize() >= QUEUED

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
