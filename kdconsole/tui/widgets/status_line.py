"""The lines above the charts."""

from kdconsole.tui.widgets.lines import Lines


class StatusLine(Lines):
    """One line: the run's name and facts, or its state."""

    DEFAULT_CSS = "StatusLine { height: 1; width: 100%; }"
