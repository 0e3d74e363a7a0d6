"""What the selected run of a list looks like: its curves, small, and how its recipe differs from another."""

import threading
from dataclasses import dataclass, replace

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from kdconsole.compare.config import change_words, settings_of
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.listing import RunSummary
from kdconsole.runs.status import Status
from kdconsole.tui.chart_data import chart_data
from kdconsole.tui.follower import Follower
from kdconsole.tui.view_state import ViewState
from kdconsole.tui.widgets.chart import Chart
from kdconsole.tui.widgets.drawn import Drawn
from kdconsole.tui.widgets.lines import Lines

PATIENCE = 0.08  # seconds that a selection has to stay before its log is read
POLL_SECONDS = 1.0
CHARTS = ("top1", "loss")


@dataclass(frozen=True)
class Subject:
    """The run to show, and the run whose recipe it is compared with."""

    folder: RunFolder
    name: str
    other: RunFolder | None = None
    other_name: str = ""


@dataclass(frozen=True)
class Read:
    """What has been read about a subject. `changes`: how its recipe differs from the other's."""

    subject: Subject
    follower: Follower
    changes: list[str]


class Preview(Vertical):
    """Curves of one run and the difference of its recipe. What is hidden is not read."""

    DEFAULT_CSS = """
    Preview { width: 100%; }
    Preview Horizontal { width: 100%; height: 1fr; }
    Preview Lines { width: 100%; height: 1; }
    """

    class Fed(Message):
        """The run that is shown has been read, or has changed."""

        def can_replace(self, message: Message) -> bool:
            """One pending message stands for all."""
            return isinstance(message, Preview.Fed)

    def __init__(self) -> None:
        super().__init__()
        self._subject: Subject | None = None
        self._read: Read | None = None
        self._view = ViewState()
        self._wake = threading.Event()
        self._leaving = False

    def compose(self) -> ComposeResult:
        """The charts side by side, the recipe below."""
        with Horizontal():
            for _ in CHARTS:
                yield Chart()
        yield Lines()

    def on_mount(self) -> None:
        self._feed()

    def on_unmount(self) -> None:
        self._leaving = True
        self._wake.set()

    def preview(self, run: RunSummary | None, other: RunSummary | None) -> None:
        """Show `run` and how its recipe differs from that of `other`; nothing for None."""
        subject = None
        if run is not None:
            subject = Subject(run.folder, run.name)
            if other is not None:
                subject = replace(subject, other=other.folder, other_name=other.name)
        if subject != self._subject:
            self._subject, self._read = subject, None
            self._wake.set()
            self.redraw()

    @work(thread=True, exclusive=True, group="preview", exit_on_error=False)
    def _feed(self) -> None:
        while not self._leaving:
            self._wake.wait()
            self._wake.clear()
            if self._wake.wait(PATIENCE):
                continue  # the selection moves on
            subject = self._subject
            if subject is not None and not self._leaving:
                self._follow(subject)

    def _follow(self, subject: Subject) -> None:
        """Read about `subject` until something else is wanted."""
        follower = Follower(subject.folder)
        before = settings_of(subject.other) if subject.other else {}
        changes = change_words(before, settings_of(subject.folder)) if before else []
        while not self._wake.is_set():
            polled = follower.poll()
            if polled.changed and subject is self._subject:
                self._read = Read(subject, follower, changes)
                self.post_message(self.Fed())
            if not polled.behind:
                self._wake.wait(POLL_SECONDS if follower.status.status is Status.LIVE else None)

    @on(Fed)
    @on(Drawn.Resized)
    def _fed(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Draw what is known."""
        if not self.is_mounted:
            return
        read = self._read if self._read and self._read.subject == self._subject else None
        charts = list(self.query(Chart))
        if read is None:
            for chart in charts:
                chart.show(None, focused=False, generation=0)
        else:
            follower = read.follower
            with follower.lock:
                by_key = {data.key: data for data in chart_data(follower.state, self._view)}
                for chart, key in zip(charts, CHARTS, strict=True):
                    chart.show(by_key.get(key), focused=False, generation=id(follower) + follower.generation)
        self.query_one(Lines).show([self._words(read)])

    def _words(self, read: Read | None) -> Text:
        line = Text(" ", no_wrap=True)
        subject, palette = self._subject, self.query_one(Lines).palette
        if subject is None:
            return line
        line.append(subject.name, palette.accent)
        if read is not None and read.follower.fault:
            line.append(f"  {read.follower.fault}", palette.bad)
        elif read is not None and subject.other is not None:
            line.append("  recipe beside ", palette.dim)
            line.append(subject.other_name)
            line.append(f": {'  ·  '.join(read.changes) or 'the same'}", palette.dim)
        line.truncate(self.size.width, overflow="ellipsis")
        return line
