"""The console as one application: the list of runs, and a live screen for each run that is opened."""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ScreenStackError
from textual.binding import BindingType
from textual.events import Resize

from kdconsole.runs.layout import open_run
from kdconsole.text import printable
from kdconsole.tui.keys import GLOBAL, RUNS, bindings
from kdconsole.tui.palette import THEMES
from kdconsole.tui.screens.help import Help
from kdconsole.tui.screens.live import Detach, LiveScreen
from kdconsole.tui.screens.runs import RunsScreen
from kdconsole.tui.signals import Signals
from kdconsole.tui.terminal_diff import TerminalDiff

SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"


class KdApp(TerminalDiff):
    """Shows the runs below `root`, and at once the run called `run` if one is given. A viewer: it never owns a run.

    Raises UserError when there is no run called `run`.
    """

    TITLE = "kdconsole"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(GLOBAL)]

    def __init__(self, root: Path, run: str | None = None) -> None:
        super().__init__()
        self.root = root
        self._first = None if run is None else open_run(root, run)
        self._first_name = printable(run or "")
        self.detached_from: str | None = None
        for theme in THEMES:
            self.register_theme(theme)
        # Textual's own default names a theme, or TEXTUAL_THEME does; only the former is replaced.
        if self.theme == "textual-dark":
            self.theme = "kd-dark"

    def on_mount(self) -> None:
        self._signals = Signals(asyncio.get_running_loop(), self._end_by_signal)
        self._signals.install()
        self.app_resume_signal.subscribe(self, lambda _: self.terminal_copy.forget())
        self._write(SAVE_TITLE)
        self.watch(self, "title", self._show_title)
        self.push_screen(RunsScreen(self.root, self._first_name))
        if self._first is not None:
            self.push_screen(LiveScreen(self._first, self._first_name))

    def on_unmount(self) -> None:
        self._signals.remove()
        self._write(RESTORE_TITLE)

    def on_resize(self, event: Resize) -> None:
        # A terminal moves and drops cells when it changes its size, also on the way to the same size again.
        self.terminal_copy.forget()

    @on(Detach)
    def _leave_run(self, message: Detach) -> None:
        self.detached_from = message.run_name
        self.exit(0)

    def _end_by_signal(self, number: int) -> None:
        self.exit(128 + number, return_code=128 + number)

    def action_repaint(self) -> None:
        """Draw every cell again, for a terminal that something else has written to."""
        self.terminal_copy.forget()
        self.refresh()
        self.screen.refresh()

    def action_keys(self) -> None:
        """Show the keys of the present screen."""
        try:
            place = getattr(self.screen, "PLACE", RUNS)
        except ScreenStackError:
            return
        self.push_screen(Help(place))

    def _show_title(self, title: str) -> None:
        self._write(f"\x1b]0;{printable(title)}\x07")

    def _write(self, sequence: str) -> None:
        """Send the terminal something that moves no cell."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)


def main(root: Path, run: str | None) -> int:
    """Run the console until the person leaves; returns the exit code, 128 plus the signal's number if one ended it.

    Raises UserError when there is no run called `run`.
    """
    app = KdApp(root, run)
    result = app.run()
    if app.detached_from is not None:
        print(f"The run goes on. To come back:  kdconsole watch {shlex.quote(app.detached_from)}", file=sys.stderr)
    return result if result is not None else app.return_code or 0
