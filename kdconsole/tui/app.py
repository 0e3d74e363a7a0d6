"""The console as one application: the list of runs, the run that is open, the builder, the comparison.

Each of these places is a mode with a stack of screens of its own, so that whoever comes back finds it as it was left.
"""

import asyncio
import gc
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ScreenStackError, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.events import Resize
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import Screen

from kdconsole.errors import UserError
from kdconsole.launch.process import BackendProcess
from kdconsole.runs.layout import open_run, runs_root
from kdconsole.runs.timeline import Timeline
from kdconsole.text import printable
from kdconsole.tui.charset import OtherSigns, chosen_charset
from kdconsole.tui.keymap import keymap, keys_file, read_keys
from kdconsole.tui.keys import BUILD, COMPARE, GLOBAL, LIVE, RUNS, bindings, keys_at
from kdconsole.tui.messages import Detach, OpenBuilder, OpenCompare, OpenRun, StartRuns
from kdconsole.tui.palette import THEMES
from kdconsole.tui.replay import Replay
from kdconsole.tui.screens.help import Help
from kdconsole.tui.screens.runs import RunsScreen
from kdconsole.tui.signals import Signals
from kdconsole.tui.terminal_diff import TerminalDiff
from kdconsole.tui.type_ahead import TypeAhead

PLACES = (RUNS, LIVE, BUILD, COMPARE)  # the modes
TIDY_SECONDS = 1.0  # after a place is left
GARBAGE = 20_000, 3, 5  # Python's own first number, 700, would have it look for garbage several times in each picture
LOOK_SECONDS = 1.0  # between looks at the processes that this console has started
MOUSE = "KDCONSOLE_MOUSE"
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"


class KdApp(TypeAhead, TerminalDiff):
    """Shows the runs below `root`, and at once the run called `run` or the builder if one is given. A viewer: it never owns a
    run.

    Raises UserError when there is no run called `run`, no such charset, or something wrong with the person's own keys.
    """

    TITLE = "kdconsole"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(GLOBAL)]

    def __init__(
        self, root: Path, run: str | None = None, builder: OpenBuilder | None = None, replay: Replay | None = None
    ) -> None:
        """With `replay` the run is played once more."""
        super().__init__()
        self._replay = replay
        self._terminal_size: Size | None = None  # the latest that was announced
        self._builder = builder
        self.root = root
        self._first = None if run is None else OpenRun(open_run(root, run), printable(run))
        self.detached_from: str | None = None
        self.detached = False
        self._bases: dict[str, Screen[Any]] = {}  # the lowest screen of each place that there is
        self._trail: list[str] = []  # the modes that were left for another, the latest last
        self._last_run = self._first
        self._processes: list[BackendProcess] = []
        self._signs = OtherSigns(chosen_charset())
        self.keys = read_keys(keys_file())
        for theme in THEMES:
            self.register_theme(theme)
        # Textual's own default names a theme, or TEXTUAL_THEME does; only the former is replaced.
        if self.theme == "textual-dark":
            self.theme = "kd-dark"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """As Textual's own, and the signs that the terminal has."""
        filters = super().get_line_filters()
        return [*filters, self._signs] if self._signs.enabled else filters

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the command palette offers: all that keys do here and everywhere, themes, a picture of the screen."""
        for key in (key for key in keys_at(getattr(screen, "PLACE", RUNS), self.keys) if key.action):
            # the palette looks for what is typed in the first text alone
            yield SystemCommand(f"{key.label}: {key.help}", f"key {key.shown}", partial(self._do, key.action, screen))
        yield SystemCommand("theme: choose colours, also for light terminals", "", self.action_change_theme)
        yield SystemCommand(
            "screenshot: write a picture of the screen (SVG)", "", lambda: self.set_timer(0.1, self.deliver_screenshot)
        )

    async def _do(self, action: str, screen: Screen[Any]) -> None:
        await self.run_action(action, screen)

    def on_mount(self) -> None:
        self._signals = Signals(asyncio.get_running_loop(), self._end_by_signal)
        self._signals.install()
        self.set_keymap(keymap(self.keys))
        self.app_resume_signal.subscribe(self, lambda _: self.action_repaint())
        self._write(SAVE_TITLE)
        self.call_after_refresh(_loaded)
        self.watch(self, "title", self._show_title)
        self.set_interval(LOOK_SECONDS, self._look_after_processes)
        self._enter(RUNS, RunsScreen(self.root, self._first.name if self._first else ""))
        self._trail.clear()  # nothing leads back to the blank screen that Textual begins with
        if self._first is not None and self._replay is not None:
            from kdconsole.tui.screens.replay import ReplayScreen

            self._enter(LIVE, ReplayScreen(self._first.folder, self._first.name, self.root, self._replay))
        elif self._first is not None:
            self._open_run(self._first)
        if self._builder is not None:
            self._open_builder(self._builder)

    def on_unmount(self) -> None:
        self._signals.remove()
        self._write(RESTORE_TITLE)

    def on_resize(self, event: Resize) -> None:
        # A terminal moves and drops cells when it changes its size, also on the way to the same size again: then Textual
        # has nothing to lay out anew and would draw nothing.
        self.terminal_copy.forget()
        if event.size == self._terminal_size:
            self.screen.refresh()
        self._terminal_size = event.size

    # -- places ---------------------------------------------------------------------------------------------------

    def action_go(self, place: str) -> None:
        """Go to one of PLACES, as it was left or, for the first time, as it begins."""
        if place in self._bases:
            self._switch(place)
        elif place == BUILD:
            self._open_builder(OpenBuilder())
        elif place == COMPARE:
            self._open_compare(OpenCompare())
        elif self._last_run is not None:
            self._open_run(self._last_run)
        else:
            self._runs.action_open()

    def pop_screen(self) -> AwaitComplete:
        """Leave the screen in front. The last screen of a place leads back to the place before it."""
        mode = self.current_mode
        if self.screen_stack[-1] is not self._bases.get(mode):
            return super().pop_screen()
        if mode == RUNS:
            return AwaitComplete()
        self._switch(self._trail[-1] if self._trail else RUNS)
        self._trail = [before for before in self._trail if before not in (mode, self.current_mode)]
        if mode == COMPARE:
            return AwaitComplete()  # a table that a person has arranged is worth keeping
        del self._bases[mode]
        return self.remove_mode(mode)

    def _switch(self, mode: str) -> None:
        if mode != self.current_mode:
            self._trail = [before for before in self._trail if before != self.current_mode]
            self._trail.append(self.current_mode)
            self.capture_mouse(None)  # a button that is let go over another place is told there
            self.switch_mode(mode)
            self.set_timer(TIDY_SECONDS, _tidy)

    def _enter(self, mode: str, base: Screen[Any]) -> None:
        """Go to a place that begins with `base`, whatever there was before."""
        if mode == self.current_mode:
            self._switch(RUNS)
        if mode in self._bases:
            self.remove_mode(mode)
        self._bases[mode] = base
        self.add_mode(mode, lambda: base)
        self._switch(mode)

    @property
    def _runs(self) -> RunsScreen:
        runs = self._bases[RUNS]
        assert isinstance(runs, RunsScreen)
        return runs

    @on(OpenRun)
    def _open_run(self, message: OpenRun) -> None:
        from kdconsole.tui.screens.live import LiveScreen

        self._last_run = message
        live = self._bases.get(LIVE)
        if isinstance(live, LiveScreen) and live.folder == message.folder:
            self._switch(LIVE)
        else:
            self._enter(LIVE, LiveScreen(message.folder, message.name, self.root))

    @on(OpenBuilder)
    def _open_builder(self, message: OpenBuilder) -> None:
        from kdconsole.tui.screens.build import BuildScreen

        try:
            screen = BuildScreen(self.root, message)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if BUILD in self._bases:
            self._switch(BUILD)
            self.push_screen(screen)  # above the recipe that is being worked on, which may not be saved
        else:
            self._enter(BUILD, screen)

    @on(OpenCompare)
    def _open_compare(self, message: OpenCompare) -> None:
        from kdconsole.tui.screens.compare import CompareScreen

        compare = self._bases.get(COMPARE)
        if isinstance(compare, CompareScreen):
            compare.take(message.folders)
            self._switch(COMPARE)
        else:
            self._enter(COMPARE, CompareScreen(self.root, message.folders))

    # -- processes ------------------------------------------------------------------------------------------------

    @on(StartRuns)
    def _start_runs(self, message: StartRuns) -> None:
        try:
            self._processes.append(BackendProcess(message.folders))
        except OSError as error:
            self.notify(printable(f"cannot start: {error.strerror or error}"), severity="error", markup=False)
        else:
            self.notify(message.done, markup=False)

    def _look_after_processes(self) -> None:
        """Take note of processes that have ended; one that ended before it could say so in its log is told here."""
        for process in [process for process in self._processes if process.returncode() is not None]:
            self._processes.remove(process)
            unbegun = next((folder for folder in process.folders if not process.has_begun(folder)), None)
            if process.returncode() and unbegun is not None:
                printed = "\n".join(printable(line) for line in process.printed(unbegun))
                words = f"{printable(unbegun.name)} was not started.\n{printed}"
                self.notify(words, severity="error", markup=False, timeout=10)

    # -- leaving --------------------------------------------------------------------------------------------------

    @on(Detach)
    def _leave_run(self, message: Detach) -> None:
        self.detached_from = message.run_name
        self.exit(0)

    def action_detach(self) -> None:
        """Leave the console and say how to come back."""
        self.detached = True
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


def _loaded() -> None:
    """Load what is wanted next, but not for the first picture; then begin to look for garbage where that was put off, but not
    among what has been loaded.
    """
    import kdconsole.tui.screens.live  # noqa: F401
    from kdconsole.tui.memory import keep_large_apart  # loads ctypes

    keep_large_apart()
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        gc.enable()


def _tidy() -> None:
    from kdconsole.tui.memory import tidy  # loads ctypes

    tidy()


def main(
    root: Path,
    run: str | None,
    builder: OpenBuilder | None = None,
    *,
    replayed: Timeline | None = None,
    speed: float | None = None,
) -> int:
    """Run the console until the person leaves; returns the exit code, 128 plus the signal's number if one ended it.

    The log `replayed` is that of `run`, played at `speed` times their pace.

    Raises UserError when there is no run called `run`.
    """
    app = KdApp(root, run, builder, Replay(replayed, speed) if replayed is not None else None)
    # every movement of a mouse would travel over the link
    result = app.run(mouse=os.environ.get(MOUSE, "on") != "off")
    if app.detached_from is not None or app.detached:
        where = [] if root == runs_root() else ["--root", str(root)]
        what = [] if app.detached_from is None else ["open", app.detached_from]
        goes_on = "Runs go on" if app.detached_from is None else "The run goes on"
        print(f"{goes_on}. To come back:  {shlex.join(['kdconsole', *where, *what])}", file=sys.stderr)
    return result if result is not None else app.return_code or 0
