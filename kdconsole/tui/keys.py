"""Every key, declared once: bindings, the footer and the help screen come from this table."""

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding

GLOBAL = "everywhere"
RUNS = "runs"
LIVE = "live"


@dataclass(frozen=True)
class Key:
    """A key (or several) and what it does. `footer` is its rank there: the lowest stay longest, 0 is never shown."""

    id: str
    place: str
    keys: str  # as Textual names them, separated by commas
    shown: str  # as a person reads them
    action: str
    label: str
    help: str
    footer: int = 0


KEYS = (
    Key(
        "runs.open", RUNS, "enter", "⏎", "open", "open", "open the selected run; running or not makes no difference", 1
    ),
    Key(
        "runs.filter",
        RUNS,
        "slash",
        "/",
        "filter",
        "filter",
        "show only runs whose name, status, method or pair contains a text",
        3,
    ),
    Key("runs.up", RUNS, "up,k", "↑ k", "move(-1)", "up", "select the run above"),
    Key("runs.down", RUNS, "down,j", "↓ j", "move(1)", "down", "select the run below"),
    Key("runs.page_up", RUNS, "pageup", "PgUp", "page(-1)", "page up", "one page up"),
    Key("runs.page_down", RUNS, "pagedown", "PgDn", "page(1)", "page down", "one page down"),
    Key("runs.first", RUNS, "home", "Home", "edge(-1)", "first", "select the newest run"),
    Key("runs.last", RUNS, "end", "End", "edge(1)", "last", "select the oldest run"),
    Key("runs.clear", RUNS, "escape", "Esc", "clear_filter", "clear", "clear the filter"),
    Key("runs.quit", RUNS, "q", "q", "app.quit", "quit", "quit; runs go on", 2),
    Key(
        "live.back",
        LIVE,
        "q,backspace,escape",
        "q",
        "back",
        "back",
        "back to the runs (or from one chart to all); the run goes on",
        3,
    ),
    Key(
        "live.detach",
        LIVE,
        "d",
        "d",
        "detach",
        "detach",
        "quit and print the command that comes back here; the run goes on",
        1,
    ),
    Key("live.next", LIVE, "tab", "tab", "focus_pane(1)", "next pane", "select the next chart, or the events", 4),
    Key(
        "live.previous",
        LIVE,
        "shift+tab",
        "shift+tab",
        "focus_pane(-1)",
        "previous pane",
        "select the previous chart, or the events",
    ),
    Key("live.maximise", LIVE, "enter", "⏎", "maximise", "zoom", "show the selected pane alone, or all again", 5),
    Key("live.log", LIVE, "y", "y", "log", "log", "logarithmic y axis for the selected chart", 7),
    Key(
        "live.smooth",
        LIVE,
        "s",
        "s",
        "smooth",
        "smooth",
        "smooth step values: off, .6, .9, .97; the raw range stays visible behind",
        8,
    ),
    Key(
        "live.phase", LIVE, "p", "p", "phase", "phase", "show the curves of another phase, or follow the current one", 9
    ),
    Key(
        "live.freeze",
        LIVE,
        "space",
        "space",
        "freeze",
        "freeze",
        "hold the view still; the run goes on and nothing is lost",
        10,
    ),
    Key("live.checkpoint", LIVE, "k", "k", "checkpoint", "checkpoint", "ask the run to save a checkpoint now", 11),
    Key(
        "live.stop_after",
        LIVE,
        "x",
        "x",
        "stop_after_epoch",
        "stop",
        "stop the run after this epoch, with its state saved (asks first)",
        6,
    ),
    Key("live.stop", LIVE, "X", "X", "stop", "stop now", "stop the run at once, with its state saved (asks first)", 12),
    Key("help", GLOBAL, "question_mark,f1", "?", "app.keys", "all keys", "this list", 2),
    Key("repaint", GLOBAL, "ctrl+l", "ctrl+l", "app.repaint", "repaint", "draw the whole screen again"),
    Key("palette", GLOBAL, "", "ctrl+p", "", "commands", "search all commands; themes, also for light terminals"),
    Key("quit", GLOBAL, "", "ctrl+q", "", "quit", "quit from anywhere; runs go on"),
)


def bindings(place: str) -> list[Binding]:
    """The bindings of one place, for a screen or the app. Textual's own keys are only in the help."""
    return [
        Binding(key.keys, key.action, key.label, key_display=key.shown, id=key.id, show=False, tooltip=key.help)
        for key in keys_of(place)
        if key.keys
    ]


def keys_of(place: str) -> Iterator[Key]:
    """The keys of one place, in the order of the table."""
    return (key for key in KEYS if key.place == place)


def footer_keys(place: str, width: int) -> list[Key]:
    """The keys that a footer of `width` columns can hold, in the order of the table."""
    ranked = sorted((key for key in (*keys_of(place), *keys_of(GLOBAL)) if key.footer), key=lambda key: key.footer)
    chosen: list[Key] = []
    used = 0
    for key in ranked:
        used += len(key.shown) + len(key.label) + 3
        if used > width:
            break
        chosen.append(key)
    return [key for key in KEYS if key in chosen]
