"""The title row of a pane."""

from rich.text import Text

from kdconsole.tui.palette import Palette


def rule(title: str, width: int, palette: Palette, *, focused: bool, legend: Text | None = None) -> Text:
    """`─ title ───── legend ─`; heavy and coloured for the pane that keys act on."""
    sign = "━" if focused else "─"
    line_style = palette.accent if focused else palette.faint
    line = Text(no_wrap=True)
    line.append(sign, line_style)
    line.append(f" {title} "[: max(0, width - 1)], palette.accent if focused else palette.strong)
    room = width - len(line) - 1
    if legend is not None and len(legend) and room > 4:
        shown = legend.copy()
        if len(shown) > room - 2:
            shown.truncate(room - 2, overflow="ellipsis")
        line.append(sign * max(0, room - len(shown) - 2) + " ", line_style)
        line.append_text(shown)
        line.append(" ")
    line.append(sign * max(0, width - len(line)), line_style)
    line.truncate(width)
    return line
