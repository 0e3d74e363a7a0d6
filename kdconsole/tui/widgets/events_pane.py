"""What has happened, newest first."""

import time
from collections.abc import Iterable
from itertools import islice

from rich.style import Style
from rich.text import Text

from kdconsole.tui.event_lines import EventLine
from kdconsole.tui.palette import Palette
from kdconsole.tui.widgets.lines import Lines
from kdconsole.tui.widgets.rule import rule

_DAY = 86400.0


def events_text(
    events: Iterable[EventLine], width: int, height: int, palette: Palette, *, focused: bool, now: float
) -> list[Text]:
    """A title and `height - 1` events. Times of another day carry the date."""
    lines = [rule("events", width, palette, focused=focused)]
    styles = {"good": palette.good, "warning": palette.warning, "bad": palette.bad}
    for event in islice(events, max(0, height - 1)):
        line = Text(" ", no_wrap=True)
        clock = "%H:%M:%S" if 0 <= now - event.t < _DAY else "%d %b %H:%M"
        line.append(time.strftime(clock, time.localtime(event.t)), palette.dim)
        line.append(f" {event.sign} {event.word:<7} ", styles.get(event.level, palette.dim))
        line.append(event.text, styles["bad"] if event.level == "bad" else Style())
        line.truncate(width, overflow="ellipsis")
        lines.append(line)
    if len(lines) == 1 and height > 1:
        lines.append(Text(" nothing yet", palette.dim))
    return lines


class EventsPane(Lines):
    """A title and as many of the latest events as there are rows."""

    DEFAULT_CSS = "EventsPane { width: 100%; }"

    def show_events(self, events: Iterable[EventLine], *, focused: bool, now: float) -> None:
        """Show the latest of `events`, which come newest first."""
        self.show(events_text(events, self.size.width, self.size.height, self.palette, focused=focused, now=now))
