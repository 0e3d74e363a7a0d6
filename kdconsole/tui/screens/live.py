"""One run, live or over: state in one line, phases, curves, health, images, events."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from kdconsole.runs.layout import RunFolder
from kdconsole.runs.status import Status
from kdconsole.tui.chart_data import ChartData, shown_phase
from kdconsole.tui.describe import window_title
from kdconsole.tui.feed import Feed
from kdconsole.tui.follower import Follower
from kdconsole.tui.keys import LIVE, bindings
from kdconsole.tui.live import travel
from kdconsole.tui.live.baselines import Baselines, Compared
from kdconsole.tui.live.bell import Bell
from kdconsole.tui.live.contents import Contents, contents_of
from kdconsole.tui.live.control import RunControl
from kdconsole.tui.live.feeding import Feeding
from kdconsole.tui.live.head import Outside
from kdconsole.tui.live.images import Images, Pictured
from kdconsole.tui.live.jump import go_to, place_of_event
from kdconsole.tui.live.panes import Panes
from kdconsole.tui.log_places import Search
from kdconsole.tui.marks import RunDrops
from kdconsole.tui.messages import Detach, OpenBuilder
from kdconsole.tui.palette import follow_theme, palette_for
from kdconsole.tui.place import Place
from kdconsole.tui.screens.log import LogScreen
from kdconsole.tui.timeline import Turns
from kdconsole.tui.view_state import EVENTS, IMAGES, ViewState, arrange
from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.events_pane import place_of


class Fed(Message):
    """The run's state has changed. It carries nothing: the screen looks at the latest state."""

    def can_replace(self, message: Message) -> bool:
        """One pending message stands for all."""
        return isinstance(message, Fed)


class LiveScreen(Screen[None]):
    """Watches one run. Nothing here can harm it: all it ever does to a run is to ask, through its control file.

    The screen connects its parts (kdconsole.tui.live) with keys and messages; `view` is what the person has chosen, `contents`
    what there is to see.
    """

    CSS_PATH = "live.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LIVE)]
    PLACE: ClassVar[str] = LIVE

    def __init__(self, folder: RunFolder, name: str, root: Path) -> None:
        """`root` is where runs to compare with are looked for."""
        super().__init__()
        self.folder = folder
        self.run_name = name
        self.root = root
        self.follower = self._follow()
        self.view = ViewState()
        self.contents = Contents()
        self._feeding = Feeding(self.follower, lambda: self.post_message(Fed()))
        self._panes = Panes(self.PLACE)
        self._bell = Bell()
        self._drops = RunDrops()
        self._images = Images(self)
        self._baselines = Baselines(self)
        self._control = RunControl(self)

    def _follow(self) -> Feed:
        return Follower(self.folder)

    def compose(self) -> ComposeResult:
        """All panes."""
        yield from self._panes.compose()

    def on_mount(self) -> None:
        follow_theme(self, self.redraw)
        self.in_background(self._feeding.run, "feed")

    def on_unmount(self) -> None:
        # Textual's tasks remember the screen that began them, for as long as they live; its curves are many megabytes.
        self._feeding.end()  # which lets go of the state, as soon as nobody works on it
        self.contents = Contents()
        self._baselines.chosen = None

    # -- what the parts ask for -----------------------------------------------------------------------------------

    def may_ask(self) -> bool:
        """Whether anything can be asked of the run; if not, the person is told why."""
        status = self.follower.status
        if status.status in (Status.LIVE, Status.QUEUED) and not self.follower.gone:
            return True
        self.tell(f"This run is not running ({status.word}).")
        return False

    def tell(self, words: str, *, error: bool = False, seconds: float = 3.0) -> None:
        """Say something for a moment."""
        self.notify(words, severity="error" if error else "information", markup=False, timeout=seconds)

    def in_background(self, work: Callable[[], None], group: str) -> None:
        """Do `work` in a thread, instead of what the group was at before."""
        self.run_worker(work, thread=True, exclusive=True, group=group, exit_on_error=False)

    @on(Fed)
    def _fed(self) -> None:
        try:
            if not self.view.frozen:
                self.redraw()
        finally:
            self._feeding.drawn()

    @on(Pictured)
    def _pictured(self, message: Pictured) -> None:
        self._images.take(message)

    @on(Compared)
    def _compared(self, message: Compared) -> None:
        self._baselines.take(message)

    # -- drawing --------------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        self._arrange()

    def on_screen_resume(self) -> None:
        self.redraw()

    @on(Drawn.Resized)
    def _pane_resized(self) -> None:
        self.redraw()

    def _arrange(self) -> None:
        if not self.is_mounted:
            return
        plan = arrange(*self.size, images=self.contents.images)
        self._panes.arrange(plan, self.contents, self._pane, maximised=self.view.maximised)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything from state and view. Panes that look as before cost nothing."""
        if not self.is_mounted or not self.is_attached:
            return
        follower, view, panes = self.follower, self.view, self._panes
        palette, now = palette_for(self.app.current_theme.dark), self._now()
        with follower.lock:
            state, status = follower.state, follower.status
            phase = shown_phase(state, view)
            view.place_in(phase)
            at_work = now if status.status is Status.LIVE else None
            if self._bell.rings(state, at_work, looked=follower.looked > 0):
                self.app.bell()
            alerts, baseline = self._bell.active, self._baselines.chosen
            before = self.contents.laid_out
            drops = self._drops.of(state, follower.generation)
            self.contents = contents_of(state, view, baseline, drops, self._bell.alarms.raised)
            if self.contents.laid_out != before:
                self.call_after_refresh(self._arrange)
            outside = Outside(alerts, baseline, "folder gone" if follower.gone else follower.fault, now)
            panes.draw_lines(self.run_name, state, status, view, outside, palette, self.size.width)
            panes.draw_charts(self.contents, view, follower.generation)
            panes.draw_health(state, phase, palette)
            if panes.shows_images:
                self._images.want(state.augmented, view.cursor)
            panes.draw_images(self._images.loaded, self.contents, view)
            panes.draw_events(self.contents, view, now)
            title = window_title(self.run_name, state, alerts[0].message if alerts else "")
        if self.is_current:
            self.app.title = title

    def _now(self) -> float:
        return time.time()

    # -- panes ----------------------------------------------------------------------------------------------------

    @property
    def _pane(self) -> str:
        return self.contents.pane(self.view)

    def _select_pane(self, pane: str) -> None:
        self.view.pane = pane
        self._arrange()

    def action_back(self) -> None:
        """From one pane to all, from the run to the list. The run goes on."""
        if self.view.maximised:
            self.action_maximise()
        else:
            self.app.pop_screen()

    def action_focus_pane(self, by: int) -> None:
        """Select another chart, the images, or the events."""
        self._select_pane(self.contents.pane_after(self.view, by))

    def action_page(self, by: int) -> None:
        """Turn the page of charts."""
        self._select_pane(self.contents.turned(self.view, len(self._panes.shown_charts), by))

    def action_maximise(self) -> None:
        """Show the selected pane alone, or all again."""
        self.view.maximised = not self.view.maximised
        self._arrange()

    def action_enter(self) -> None:
        """Go to the step of the selected event; any other pane is shown alone."""
        events, view = self.contents.events, self.view
        if self._pane != EVENTS:
            self.action_maximise()
        elif events:
            view.event = events[place_of(events, view.event)]
            with self.follower.lock:
                state = self.follower.state
                place = place_of_event(view.event, state, shown_phase(state, view))
            self._go_to(place)

    def action_select(self, by: int) -> None:
        """Select another event."""
        events = self.contents.events
        if self._pane != EVENTS:
            self._select_pane(EVENTS)
        elif events:
            place = min(len(events) - 1, max(0, place_of(events, self.view.event) + by))
            self.view.event = events[place] if place else None  # the first one: always the newest
            self.redraw()

    def action_images(self) -> None:
        """Select the images; once they are, show the next ones."""
        if not self.contents.images:
            self.tell("This run has no augmented images: only a learned augmentor draws some.", seconds=4)
        elif self._pane != IMAGES:
            self._select_pane(IMAGES)
        else:
            self.view.picture += 1
            self.redraw()

    # -- how it is drawn ------------------------------------------------------------------------------------------

    def action_log(self) -> None:
        """Switch the selected chart between a linear and a logarithmic axis."""
        data = self.contents.chart(self.view)
        if data is not None:
            self.view.log ^= {data.key}
            self.redraw()

    def action_log_x(self) -> None:
        """Switch the x axes between linear and logarithmic."""
        self.view.x_log = not self.view.x_log
        self.redraw()

    def action_unit(self) -> None:
        """Label the x axes in another unit."""
        self.view.next_unit()
        words = {"epoch": "epochs", "step": "steps", "time": "time since the start"}[self.view.unit]
        self.tell(f"x axes in {words}", seconds=2)
        self.redraw()

    def action_smooth(self) -> None:
        """Take the next degree of smoothing."""
        self.view.next_smoothing()
        self.redraw()

    def action_phase(self) -> None:
        """Show the curves of another phase."""
        with self.follower.lock:
            names = [phase.name for phase in self.follower.state.phases]
        self.view.next_phase(names)
        self.redraw()

    def action_freeze(self) -> None:
        """Hold the view still, or follow again."""
        self.view.frozen = not self.view.frozen
        self.redraw()

    def action_row(self) -> None:
        """Show images before and after, only after, only before."""
        self.view.next_row()
        self.redraw()

    # -- the x axis -----------------------------------------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        """Move the cursor by so many columns of the selected chart."""
        cells = self._panes.plot_cells
        self._travel(lambda data, turns: travel.move_cursor(self.view, data, turns, cells, by))

    def action_zoom_x(self, factor: float) -> None:
        """Show more or less of the x axis around the cursor, else around the newest points."""
        self._travel(lambda data, turns: travel.zoom(self.view, data, turns, factor))

    def action_pan(self, part: float) -> None:
        """Move what is shown by a part of its length."""
        self._travel(lambda data, turns: travel.pan(self.view, data, turns, part))

    def action_follow(self) -> None:
        """Go along with the newest points, or no longer."""
        self._travel(lambda data, turns: travel.follow(self.view, data, turns))

    def action_reset(self) -> None:
        """Show all steps, without a cursor."""
        self.view.cursor, self.view.windows = None, {}
        self.redraw()

    def _travel(self, move: Callable[[ChartData, Turns], None]) -> None:
        data = self.contents.chart(self.view)
        if data is not None:
            with self.follower.lock:
                turns = Turns.of(self.follower.state, shown_phase(self.follower.state, self.view))
            move(data, turns)
            self.redraw()

    def _go_to(self, place: Place | None) -> None:
        with self.follower.lock:
            found = place is not None and go_to(self.view, self.follower.state, place)
        if found:
            self.redraw()
        else:
            self.tell("This event belongs to no step.")

    # -- files, other runs, the run itself ------------------------------------------------------------------------

    def action_log_file(self) -> None:
        """Show what the run has written, at the cursor if there is one; the chosen line's step becomes the cursor."""

        def chosen(place: Place | None) -> None:
            if place is not None:
                self._go_to(place)

        cursor, search = self.view.cursor, None
        if cursor is not None:
            with self.follower.lock:
                names = [phase.name for phase in self.follower.state.phases]
                search = Search(names, Place(shown_phase(self.follower.state, self.view), round(cursor.step)))
        self.app.push_screen(LogScreen(self.folder, self.run_name, search), chosen)

    def action_clone(self) -> None:
        """Build a recipe that begins as this run's."""
        self.post_message(OpenBuilder(self.folder.recipe))

    def action_baseline(self) -> None:
        """Choose a run to compare with."""
        self._baselines.choose()

    def action_checkpoint(self) -> None:
        """Ask for a checkpoint."""
        self._control.checkpoint()

    def action_stop_after_epoch(self) -> None:
        """Ask, then ask the run to stop after its epoch."""
        self._control.stop_after_epoch()

    def action_stop(self) -> None:
        """Ask, then ask the run to stop at once."""
        self._control.stop()

    def action_detach(self) -> None:
        """Leave the console; the run goes on."""
        self.app.post_message(Detach(self.run_name))
