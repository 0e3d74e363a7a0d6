"""One run, live or over: state in one line, phases, curves, events."""

import threading
import time
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from kdconsole.errors import UserError
from kdconsole.runs.control import send
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.status import Status
from kdconsole.tui.chart_data import ChartData, chart_data, shown_phase
from kdconsole.tui.describe import status_line, title_line, window_title
from kdconsole.tui.follower import Follower
from kdconsole.tui.keys import LIVE, bindings
from kdconsole.tui.palette import palette_for
from kdconsole.tui.screens.confirm import Confirm
from kdconsole.tui.view_state import ViewState, arrange
from kdconsole.tui.widgets.chart import Chart
from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.events_pane import EventsPane
from kdconsole.tui.widgets.key_bar import KeyBar
from kdconsole.tui.widgets.phase_bar import PhaseBar, phase_line
from kdconsole.tui.widgets.status_line import StatusLine

POLL_SECONDS = 0.25
CATCH_UP_SECONDS = 0.01  # between slices of a long log, so that keys are served
SLOTS = 4  # chart widgets; more charts than that turn pages


class Fed(Message):
    """The run's state has changed. It carries nothing: the screen looks at the latest state."""

    def can_replace(self, message: Message) -> bool:
        """One pending message stands for all."""
        return isinstance(message, Fed)


class LiveScreen(Screen[None]):
    """Watches one run. Nothing here can harm it: all it ever does to a run is to ask, through its control file."""

    CSS_PATH = "live.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LIVE)]
    PLACE: ClassVar[str] = LIVE

    def __init__(self, folder: RunFolder, name: str) -> None:
        super().__init__()
        self.folder = folder
        self.run_name = name
        self.follower = Follower(folder)
        self.view = ViewState()
        self._charts: list[ChartData] = []
        self._leaving = threading.Event()
        self._drawn = threading.Event()  # the screen has seen the latest message: the feed may send another
        self._drawn.set()

    def compose(self) -> ComposeResult:
        """Two lines of state, the phases, the charts, the events, the keys."""
        yield StatusLine(id="title")
        yield StatusLine(id="status")
        yield PhaseBar()
        with Container(id="charts"):
            for _ in range(SLOTS):
                yield Chart()
        yield EventsPane()
        yield KeyBar(LIVE)

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._redraw, init=False)
        self._feed()

    def on_unmount(self) -> None:
        self._leaving.set()

    def on_screen_resume(self) -> None:
        self._redraw()

    # -- feed -----------------------------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="feed", exit_on_error=False)
    def _feed(self) -> None:
        waiting = False  # something changed that the screen has not been told
        told = 0.0
        while not self._leaving.is_set():
            polled = self.follower.poll()
            waiting = waiting or polled.changed
            # A screen that has not drawn the last message yet gets no further one: frames are dropped, never events.
            due = not polled.behind or time.monotonic() - told >= POLL_SECONDS
            if waiting and due and self._drawn.is_set():
                self._drawn.clear()
                waiting, told = False, time.monotonic()
                self.post_message(Fed())
            self._leaving.wait(CATCH_UP_SECONDS if polled.behind else POLL_SECONDS)

    @on(Fed)
    def _fed(self) -> None:
        try:
            if not self.view.frozen:
                self._redraw()
        finally:
            self._drawn.set()

    # -- drawing --------------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        self._arrange()

    @on(Drawn.Resized)
    def _pane_resized(self) -> None:
        self._redraw()

    def _arrange(self) -> None:
        """Give each pane its place. A pane whose size changes by that is drawn again later."""
        if not self.is_mounted:
            return
        view, plan = self.view, arrange(*self.size)
        events_pane = view.pane >= len(self._charts) > 0
        alone = view.maximised
        self.query_one("#title").display = plan.title
        self.query_one(PhaseBar).display = plan.phases
        events = self.query_one(EventsPane)
        container = self.query_one("#charts")
        # A tiny terminal has no room for events beside a chart; selecting them shows them in the chart's place.
        only_events = events_pane and (alone or plan.events == 0)
        events.display = only_events or (plan.events > 0 and not alone)
        events.styles.height = "1fr" if only_events else plan.events
        container.display = not only_events
        shown = 0 if only_events else 1 if alone else min(plan.charts, max(1, len(self._charts) or plan.charts))
        across = min(plan.across, max(1, shown))
        container.styles.grid_size_columns = across
        container.styles.grid_size_rows = max(1, -(-shown // across))
        for place, chart in enumerate(self.query(Chart)):
            chart.display = place < shown
        self._redraw()

    def _first_chart(self, shown: int) -> int:
        """The first chart of the page on which the selected one is."""
        selected = min(self.view.pane, max(0, len(self._charts) - 1))
        return selected // max(1, shown) * max(1, shown)

    def _redraw(self) -> None:
        """Draw everything from state and view. Panes that look as before cost nothing."""
        if not self.is_mounted or not self.is_attached:
            return
        follower, view = self.follower, self.view
        palette = palette_for(self.app.current_theme.dark)
        width = self.size.width
        with follower.lock:
            state, status = follower.state, follower.status
            count = len(self._charts)
            self._charts = [data for data in chart_data(state, view) if data.curves] or chart_data(state, view)[:2]
            if len(self._charts) != count:
                if view.pane >= count > 0 and view.pane > 0:
                    view.pane = len(self._charts)  # the events stay selected
                self.call_after_refresh(self._arrange)
            trouble = "folder gone" if follower.gone else follower.fault
            line = status_line(
                self.run_name,
                state,
                status,
                palette,
                width,
                with_name=not self.query_one("#title").display,
                frozen=view.frozen,
                trouble=trouble,
            )
            self.query_one("#status", StatusLine).show([line])
            self.query_one("#title", StatusLine).show([title_line(self.run_name, state, palette, width)])
            live = status.status is Status.LIVE and state.images_per_second > 0
            extra = f"{state.images_per_second:,.0f} img/s" if live and width < 100 else ""
            phases = phase_line(state.phases, state.phase, shown_phase(state, view), state.step, palette, width, extra)
            self.query_one(PhaseBar).show([phases])
            slots = [chart for chart in self.query(Chart) if chart.display]
            first = view.pane if view.maximised else self._first_chart(len(slots))
            for place, chart in enumerate(slots, first):
                data = self._charts[place] if place < len(self._charts) else None
                chart.show(data, focused=place == view.pane, generation=follower.generation)
            focused = view.pane >= len(self._charts)
            events = self.query_one(EventsPane)
            if events.display:
                events.show_events(follower.lines, focused=focused, now=time.time())
            title = window_title(self.run_name, state)
        if self.is_current:
            self.app.title = title

    # -- keys that change the view ----------------------------------------------------------------------------------

    def action_back(self) -> None:
        """From one pane to all, from the run to the list. The run goes on."""
        if self.view.maximised:
            self.view.maximised = False
            self._arrange()
        else:
            self.app.pop_screen()

    def action_focus_pane(self, by: int) -> None:
        """Select another chart, or the events."""
        self.view.pane = (self.view.pane + by) % (len(self._charts) + 1)
        self._arrange()

    def action_maximise(self) -> None:
        """Show the selected pane alone, or all again."""
        self.view.maximised = not self.view.maximised
        self._arrange()

    def action_log(self) -> None:
        """Switch the selected chart between a linear and a logarithmic axis."""
        if self.view.pane < len(self._charts):
            self.view.log ^= {self._charts[self.view.pane].key}
            self._redraw()

    def action_smooth(self) -> None:
        """Take the next degree of smoothing."""
        self.view.next_smoothing()
        self._redraw()

    def action_phase(self) -> None:
        """Show the curves of another phase."""
        with self.follower.lock:
            names = [phase.name for phase in self.follower.state.phases]
        self.view.next_phase(names)
        self._redraw()

    def action_freeze(self) -> None:
        """Hold the view still, or follow again."""
        self.view.frozen = not self.view.frozen
        self._redraw()

    # -- keys that ask something of the run -------------------------------------------------------------------------

    def action_checkpoint(self) -> None:
        """Ask for a checkpoint."""
        if self._is_running():
            self._send("checkpoint", "asked for a checkpoint")

    def action_stop_after_epoch(self) -> None:
        """Ask, then ask the run to stop after its epoch."""
        self._ask("stop_after_epoch", f"Stop {self.run_name} after this epoch?", "asked to stop after this epoch")

    def action_stop(self) -> None:
        """Ask, then ask the run to stop at once."""
        self._ask("stop", f"Stop {self.run_name} now?", "asked to stop now")

    def action_detach(self) -> None:
        """Leave the console; the run goes on."""
        self.app.post_message(Detach(self.run_name))

    def _is_running(self) -> bool:
        status = self.follower.status
        if status.status in (Status.LIVE, Status.QUEUED) and not self.follower.gone:
            return True
        self.notify(f"This run is not running ({status.word}).", markup=False, timeout=3)
        return False

    def _ask(self, command: str, question: str, done: str) -> None:
        if not self._is_running():
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._send(command, done)

        detail = f"Its state is saved; it goes on with: kdconsole resume {self.run_name}"
        self.app.push_screen(Confirm(question, detail), answered)

    def _send(self, command: str, done: str) -> None:
        try:
            send(self.folder, command)
        except UserError as error:
            self.notify(error.message, severity="error", markup=False, timeout=6)
        else:
            self.notify(f"{done}; the answer appears among the events", markup=False, timeout=3)


class Detach(Message):
    """The person leaves and wants to know how to come back to a run."""

    def __init__(self, run_name: str) -> None:
        super().__init__()
        self.run_name = run_name
