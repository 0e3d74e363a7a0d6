"""The files that a run writes as it goes, line by line, the newest last."""

import threading
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip

from kdconsole.runs.layout import RunFolder
from kdconsole.text import printable
from kdconsole.tui.keys import LOG, bindings
from kdconsole.tui.log_file import LONGEST, LogFile
from kdconsole.tui.log_places import Search, place_in
from kdconsole.tui.palette import palette_for
from kdconsole.tui.place import Place
from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.key_bar import KeyBar
from kdconsole.tui.widgets.line_list import LineList
from kdconsole.tui.widgets.lines import Lines
from kdconsole.tui.widgets.rule import rule

POLL_SECONDS = 0.25
SCAN_SECONDS = 0.005  # between blocks of a long file, so that keys are served


class Grown(Message):
    """More lines are known, so many of them `earlier` than all others; `found` is the line that was looked for."""

    def __init__(self, earlier: int, found: int | None) -> None:
        super().__init__()
        self.earlier = earlier
        self.found = found


class FileLines(LineList):
    """The lines of a file, of which only those that are seen are ever read."""

    def __init__(self, file: LogFile) -> None:
        super().__init__(in_hand=True)
        self.file = file
        self._known = 0

    @property
    def count(self) -> int:
        return self._known

    def line(self, place: int, width: int) -> Text | Strip:
        text = Text(no_wrap=True)
        for words in self.file.lines(place, 1):
            text.append(printable(words.expandtabs(4), LONGEST))
        return text

    def follow(self, earlier: int, found: int | None = None) -> None:
        """Show what has been found, the line `found` selected; without one, who looks at the last line goes along with it."""
        at_end = self.selected >= self._known - 1
        self._known = self.file.count
        if earlier:
            self.scroll_rows_to(self.top + earlier)
        elsewhere = self._known - 1 if at_end else self.selected + earlier
        self.shown(elsewhere if found is None else found)
        if found is not None:  # with what came before it and after it
            self.scroll_rows_to(max(0, found - self.room // 2))


class LogScreen(Screen[Place | None]):
    """Shows backend.log or events.jsonl. Answers with the place of the chosen event, None without one."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOG)]
    PLACE: ClassVar[str] = LOG
    DEFAULT_CSS = """
    LogScreen { layout: vertical; overflow: hidden; }
    LogScreen #head { width: 100%; height: 1; }
    """

    def __init__(self, folder: RunFolder, name: str, search: Search | None = None) -> None:
        """With a `search` it begins at the line of the event log that this finds, else at the end of a log."""
        super().__init__()
        self.run_name = name
        self._search = search  # until the line has been found, or the person has chosen another
        self._paths = [folder.log, folder.events]
        if search is not None or not folder.log.exists() or not folder.log.stat().st_size:
            self._paths.reverse()  # most runs print nothing
        self._leaving = threading.Event()

    def compose(self) -> ComposeResult:
        """The file's name, its lines, the keys."""
        yield Lines(id="head")
        yield FileLines(LogFile(self._paths[0]))
        yield KeyBar(LOG)

    def on_mount(self) -> None:
        self._lines.focus()
        self._read(self._lines.file)

    def on_unmount(self) -> None:
        self._leaving.set()

    @property
    def _lines(self) -> FileLines:
        return self.query_one(FileLines)

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self, file: LogFile) -> None:
        shown = False
        while not self._leaving.is_set() and self._lines.file is file:
            before, fault = file.count, file.fault
            later = file.grow()
            earlier = file.scan()
            search = self._search
            found = search.find(file) if search is not None else None
            if later or earlier or file.count != before or file.fault != fault or not shown:
                shown = True
                self.post_message(Grown(earlier, found))
            self._leaving.wait(POLL_SECONDS if file.whole else SCAN_SECONDS)

    @on(Grown)
    def _grown(self, message: Grown) -> None:
        found = message.found if self._search is not None else None
        if found is not None:
            self._search = None
        self._lines.follow(message.earlier, found)
        self._draw_head()

    @on(LineList.Moved)
    def _moved(self) -> None:
        self._search = None
        self._draw_head()

    @on(Drawn.Resized)
    def _resized(self) -> None:
        self._draw_head()

    def on_resize(self, event: Resize) -> None:
        self._draw_head()

    def _draw_head(self) -> None:
        lines, palette = self._lines, palette_for(self.app.current_theme.dark)
        file = lines.file
        place = f"{lines.selected + 1:,} of {lines.count:,}{'' if file.whole else '+'} lines" if lines.count else ""
        words = printable(file.fault) if file.fault else place
        title = f"{file.path.name} · {self.run_name}"
        head = self.query_one("#head", Lines)
        head.show([rule(title, self.size.width, palette, focused=True, legend=Text(words or "no lines yet"))])

    # -- keys -----------------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Select a line further down or up."""
        self._lines.move(by)

    def action_page(self, direction: int) -> None:
        """One page further."""
        self._lines.page(direction)

    def action_edge(self, direction: int) -> None:
        """The first line or the last."""
        self._lines.move(direction * self._lines.count)

    def action_other(self) -> None:
        """Show the other file."""
        self._paths.reverse()
        self._search = None
        lines = self._lines
        lines.file = LogFile(self._paths[0])
        lines.follow(0)
        self._read(lines.file)

    def action_jump(self) -> None:
        """Go back to the charts, at the step of the selected event."""
        lines = self._lines
        found = lines.file.lines(lines.selected, 1)
        place = place_in(found[0]) if found else None
        if place is None:
            self.notify("This line says no step.", markup=False, timeout=3)
        else:
            self.dismiss(place)
