"""Lines of styled text."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip

from kdconsole.tui.widgets.drawn import Drawn


def strip_of(text: Text) -> Strip:
    """One line of text as a strip. Its styles lie side by side, as `Text.append` leaves them; markup is not read."""
    plain = text.plain
    segments: list[Segment] = []
    end = 0
    for span in sorted(text.spans):
        if span.start > end:
            segments.append(Segment(plain[end : span.start]))
        if isinstance(span.style, str):
            raise TypeError("styles are given as objects: a word could come from a file")
        segments.append(Segment(plain[max(span.start, end) : span.end], span.style))
        end = max(end, span.end)
    if end < len(plain):
        segments.append(Segment(plain[end:]))
    return Strip(segments)


class Lines(Drawn):
    """Shows lines of text, one a row."""

    def show(self, lines: Sequence[Text]) -> None:
        """Show `lines`, of which only changed ones are painted."""
        self.show_strips([strip_of(line) for line in lines])
