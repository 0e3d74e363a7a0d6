"""Every key, declared once: bindings, the footer, the help, the command palette and remapping come from this table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.binding import Binding

GLOBAL = "everywhere"
RUNS = "runs"
LIVE = "live"
REPLAY = "replay"
LOG = "log"
COMPARE = "compare"
BUILD = "build"
DIFFERENCES = "differences of recipes"


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
        "runs.open",
        RUNS,
        "enter",
        "⏎",
        "open",
        "open",
        "open the selected run, running or not; unfold or fold the seeds of a group",
        1,
    ),
    Key(
        "runs.filter",
        RUNS,
        "slash",
        "/",
        "filter",
        "filter",
        "show only some runs: words, field:a|b, acc>72, status!=failed, has:best, not, or, brackets",
        3,
    ),
    Key("runs.new", RUNS, "n", "n", "new", "new", "build a new recipe", 9),
    Key("runs.clone", RUNS, "c", "c", "clone", "clone", "build a new recipe from that of the selected run", 8),
    Key(
        "runs.resume", RUNS, "r", "r", "resume", "resume", "go on with a stopped, killed or failed run (asks first)", 10
    ),
    Key("runs.mark", RUNS, "space", "space", "mark", "mark", "mark or unmark the run, or all seeds of a group", 5),
    Key(
        "runs.compare",
        RUNS,
        "C",
        "C",
        "compare",
        "compare",
        "compare the marked runs; without marks, all that are shown",
        6,
    ),
    Key("runs.group", RUNS, "g", "g", "group", "group", "fold the seeds of one recipe into one line, or unfold all", 7),
    Key("runs.columns", RUNS, "o", "o", "columns", "columns", "choose the columns", 11),
    Key("runs.sort", RUNS, "S", "S", "sort", "sort", "sort by one column or several", 12),
    Key(
        "runs.baseline",
        RUNS,
        "b",
        "b",
        "baseline",
        "baseline",
        "measure Δbase of this pair against this run and its other seeds, or no longer",
        13,
    ),
    Key("runs.preview", RUNS, "p", "p", "preview", "preview", "show or hide the preview of the selected run", 14),
    Key("runs.views", RUNS, "V", "V", "views", "views", "take or keep a view: filter, columns, sorting, grouping", 15),
    Key(
        "runs.delete",
        RUNS,
        "D",
        "D",
        "delete",
        "delete",
        "move the marked runs, else the selected, into the trash (asks)",
        16,
    ),
    Key("runs.up", RUNS, "up,k", "↑ k", "move(-1)", "up", "select the run above"),
    Key("runs.down", RUNS, "down,j", "↓ j", "move(1)", "down", "select the run below"),
    Key("runs.page_up", RUNS, "pageup", "PgUp", "page(-1)", "page up", "one page up"),
    Key("runs.page_down", RUNS, "pagedown", "PgDn", "page(1)", "page down", "one page down"),
    Key("runs.first", RUNS, "home", "Home", "edge(-1)", "first", "select the first run"),
    Key("runs.last", RUNS, "end", "End", "edge(1)", "last", "select the last run"),
    Key("runs.clear", RUNS, "escape,backspace", "⌫ Esc", "clear_filter", "clear", "clear the filter, then the marks"),
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
    Key(
        "live.enter",
        LIVE,
        "enter",
        "⏎",
        "enter",
        "zoom",
        "show the selected pane alone, or all again; from an event, go to its step",
        5,
    ),
    Key("live.maximise", LIVE, "z", "z", "maximise", "alone", "show the selected pane alone, or all again, events too"),
    Key("live.left", LIVE, "left", "← →", "cursor(-1)", "cursor", "move the cursor through all charts at once", 13),
    Key("live.right", LIVE, "right", "→", "cursor(1)", "cursor right", "one column to the right"),
    Key("live.far_left", LIVE, "shift+left", "shift+←", "cursor(-10)", "far left", "ten columns to the left"),
    Key("live.far_right", LIVE, "shift+right", "shift+→", "cursor(10)", "far right", "ten columns to the right"),
    Key("live.zoom_in", LIVE, "plus,equals_sign", "+", "zoom_x(0.5)", "x-zoom", "show half as much, around the cursor"),
    Key("live.zoom_out", LIVE, "minus", "-", "zoom_x(2.0)", "x-zoom out", "show twice as much"),
    Key("live.pan_left", LIVE, "left_square_bracket", "[", "pan(-0.25)", "earlier", "move what is shown to the left"),
    Key("live.pan_right", LIVE, "right_square_bracket", "]", "pan(0.25)", "later", "move what is shown to the right"),
    Key("live.reset", LIVE, "0", "0", "reset", "all steps", "show all steps again, without cursor"),
    Key("live.follow", LIVE, "f", "f", "follow", "follow", "keep the newest steps in view, or hold what is shown"),
    Key("live.unit", LIVE, "m", "m", "unit", "x axis", "label the x axes in epochs, steps, or time since the start"),
    Key("live.log_x", LIVE, "Y", "Y", "log_x", "log x", "logarithmic x axes"),
    Key("live.page", LIVE, "n", "n", "page(1)", "more charts", "the next page of charts", 17),
    Key("live.page_back", LIVE, "N", "N", "page(-1)", "charts back", "the page of charts before"),
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
    Key(
        "live.baseline",
        LIVE,
        "b",
        "b",
        "baseline",
        "baseline",
        "choose a finished run to compare with: its curves, and the lead over it at the same epoch",
        14,
    ),
    Key("live.up", LIVE, "up", "↑ ↓", "select(-1)", "events", "select an event; ⏎ moves the cursor to its step"),
    Key("live.down", LIVE, "down", "↓", "select(1)", "event below", "select the event below"),
    Key("live.page_up", LIVE, "pageup", "PgUp", "select(-10)", "events up", "ten events up"),
    Key("live.page_down", LIVE, "pagedown", "PgDn", "select(10)", "events down", "ten events down"),
    Key("live.images", LIVE, "i", "i", "images", "images", "the augmented images, then the next one", 16),
    Key(
        "live.row",
        LIVE,
        "o",
        "o",
        "row",
        "before/after",
        "images before and after augmentation, only after, only before",
    ),
    Key("live.file", LIVE, "L", "L", "log_file", "log", "what the backend has printed, and the event log", 15),
    Key("live.clone", LIVE, "c", "c", "clone", "clone", "clone: a new recipe that begins as this run's", 18),
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
    Key(
        "live.stop",
        LIVE,
        "X",
        "X",
        "stop",
        "stop now",
        "stop the run at once, with its state saved (asks first); once more, where it does not stop: kill it",
        12,
    ),
    Key("log.back", LOG, "q,backspace,escape,L", "q", "dismiss(None)", "back", "close this file", 1),
    Key("log.jump", LOG, "enter", "⏎", "jump", "go to step", "move the cursor of the charts to this event's step", 3),
    Key("log.other", LOG, "tab", "tab", "other", "other file", "the backend's output, or the event log", 4),
    Key("log.up", LOG, "up,k", "↑ k", "move(-1)", "up", "one line up"),
    Key("log.down", LOG, "down,j", "↓ j", "move(1)", "down", "one line down"),
    Key("log.page_up", LOG, "pageup", "PgUp", "page(-1)", "page up", "one page up"),
    Key("log.page_down", LOG, "pagedown", "PgDn", "page(1)", "page down", "one page down"),
    Key("log.first", LOG, "home", "Home", "edge(-1)", "first", "the first line"),
    Key("log.last", LOG, "end", "End", "edge(1)", "last", "the last line, and follow what is added", 5),
    Key("replay.pause", REPLAY, "space", "space", "pause", "pause", "stand still, or go on", 1),
    Key("replay.back", REPLAY, "comma", ",", "hop(-1)", "back", "one epoch back", 3),
    Key("replay.forward", REPLAY, "full_stop", ".", "hop(1)", "forward", "one epoch forward", 4),
    Key("replay.slower", REPLAY, "less_than_sign", "<", "faster(0.5)", "slower", "half as fast", 6),
    Key("replay.faster", REPLAY, "greater_than_sign", ">", "faster(2.0)", "faster", "twice as fast", 7),
    Key("replay.leave", REPLAY, "d", "d", "app.quit", "quit", "quit; a replay has nothing that goes on"),
    Key("replay.quit", REPLAY, "q,backspace,escape", "q", "back", "back", "from one chart to all, else to the runs", 2),
    Key("compare.runs", COMPARE, "enter", "⏎", "runs", "runs", "the runs behind the selected cell, to open one", 2),
    Key("compare.back", COMPARE, "q", "q", "app.back", "back", "back; the table stays as it is", 1),
    Key(
        "compare.metric",
        COMPARE,
        "m",
        "m",
        "metric",
        "metric",
        "accuracy at the last or the best epoch, on each split",
        5,
    ),
    Key(
        "compare.baseline",
        COMPARE,
        "b",
        "b",
        "baseline",
        "baseline",
        "take the selected row as what Δ and p refer to, or the teacher",
        6,
    ),
    Key(
        "compare.show",
        COMPARE,
        "v",
        "v",
        "show",
        "show",
        "show mean ±std (n), median, best seed, Δ, p (paired by seed where seeds match, else Welch), or all",
        7,
    ),
    Key(
        "compare.group",
        COMPARE,
        "g",
        "g",
        "group",
        "group",
        "what a row stands for: method, …, or any setting that differs",
        8,
    ),
    Key(
        "compare.filter",
        COMPARE,
        "slash",
        "/",
        "filter",
        "filter",
        "compare only some runs; the same words as in the list",
        9,
    ),
    Key(
        "compare.papers", COMPARE, "P", "P", "papers", "papers", "published numbers: of these methods, of all, none", 10
    ),
    Key(
        "compare.diff",
        COMPARE,
        "d",
        "d",
        "differences",
        "diff",
        "the settings in which the recipes of this column differ",
        11,
    ),
    Key(
        "compare.seeds",
        COMPARE,
        "R",
        "R",
        "seeds",
        "run seeds",
        "start the seeds that the cell lacks (asks first); build the recipe of a cell without runs",
        4,
    ),
    Key(
        "compare.export",
        COMPARE,
        "E",
        "E",
        "export",
        "export",
        "write the table to a file: .md, .tex, .csv or .json",
        12,
    ),
    Key("compare.copy", COMPARE, "y", "y", "copy", "copy", "copy the table as Markdown, into tmux's buffer too", 13),
    Key("compare.hide", COMPARE, "u", "u", "hide", "hide equal", "hide or show columns in which nothing differs", 14),
    Key(
        "compare.zoom", COMPARE, "z", "z", "zoom", "zoom", "curves over all epochs, the last half, the last quarter", 15
    ),
    Key("compare.all", COMPARE, "a", "a", "all", "all runs", "compare all runs again, not only the marked", 16),
    Key("compare.up", COMPARE, "up,k", "↑ k", "move(-1, 0)", "up", "select the cell above"),
    Key("compare.down", COMPARE, "down,j", "↓ j", "move(1, 0)", "down", "select the cell below"),
    Key("compare.left", COMPARE, "left,h", "← h", "move(0, -1)", "left", "select the cell to the left"),
    Key("compare.right", COMPARE, "right,l", "→ l", "move(0, 1)", "right", "select the cell to the right"),
    Key("compare.page_up", COMPARE, "pageup", "PgUp", "page(-1)", "page up", "one page up"),
    Key("compare.page_down", COMPARE, "pagedown", "PgDn", "page(1)", "page down", "one page down"),
    Key("compare.clear", COMPARE, "escape,backspace", "⌫ Esc", "clear_filter", "clear", "clear the filter"),
    Key("differences.back", DIFFERENCES, "q,backspace,escape", "q", "app.back", "back", "back to the table", 1),
    Key("differences.all", DIFFERENCES, "u", "u", "all", "only differing", "show only settings that differ, or all", 3),
    Key("differences.up", DIFFERENCES, "up,k", "↑ k", "move(-1, 0)", "up", "one setting up"),
    Key("differences.down", DIFFERENCES, "down,j", "↓ j", "move(1, 0)", "down", "one setting down"),
    Key("differences.left", DIFFERENCES, "left,h", "← h", "move(0, -1)", "left", "one recipe to the left"),
    Key("differences.right", DIFFERENCES, "right,l", "→ l", "move(0, 1)", "right", "one recipe to the right"),
    Key("differences.page_up", DIFFERENCES, "pageup", "PgUp", "page(-1)", "page up", "one page up"),
    Key("differences.page_down", DIFFERENCES, "pagedown", "PgDn", "page(1)", "page down", "one page down"),
    Key("build.edit", BUILD, "enter", "⏎", "edit", "edit", "change the value; choose a name; begin or fold a table", 1),
    Key(
        "build.back",
        BUILD,
        "q",
        "q",
        "back",
        "back",
        "back, from the text to the form, from the form to where you were",
        2,
    ),
    Key("build.run", BUILD, "R", "R", "run", "run", "save, train one batch to see that it works, start the runs", 3),
    Key("build.save", BUILD, "ctrl+s", "^s", "save", "save", "write the recipe to its file", 4),
    Key("build.undo", BUILD, "u", "u", "undo", "undo", "take back the last edit", 5),
    Key("build.redo", BUILD, "U,ctrl+r", "U", "redo", "redo", "take back the last undo", 18),
    Key("build.find", BUILD, "slash", "/", "find", "find", "find a setting by its name or what it does", 6),
    Key("build.add", BUILD, "a", "a", "add", "add", "add a term to the objective, a view to a list", 7),
    Key(
        "build.remove",
        BUILD,
        "x,delete",
        "x",
        "remove",
        "remove",
        "remove what this file sets here, or a term, a view, a table",
        8,
    ),
    Key("build.fix", BUILD, "F", "F", "fix", "fix", "do what is offered for the selected problem, or the first", 9),
    Key("build.presets", BUILD, "p", "p", "presets", "presets", "published settings and short names that fit here", 10),
    Key("build.text", BUILD, "t", "t", "text", "TOML", "show the text instead of the form", 11),
    Key("build.editor", BUILD, "e", "e", "editor", "editor", "edit the text in $VISUAL or $EDITOR", 12),
    Key(
        "build.pane", BUILD, "tab", "tab", "focus_pane(1)", "pane", "next pane: form, problems, schedule, sections", 13
    ),
    Key("build.pane_back", BUILD, "shift+tab", "shift+tab", "focus_pane(-1)", "pane back", "the pane before"),
    Key("build.views", BUILD, "v", "v", "views", "views", "real images before and after the views", 14),
    Key(
        "build.vary",
        BUILD,
        "V",
        "V",
        "vary",
        "vary",
        "give a setting several values, or list seeds: one run for each",
        15,
    ),
    Key(
        "build.diff",
        BUILD,
        "D",
        "D",
        "diff",
        "diff",
        "compare with the saved file, or with the recipe this began as",
        16,
    ),
    Key("build.save_as", BUILD, "S", "S", "save_as", "save as", "write the recipe to another file", 17),
    Key("build.move_down", BUILD, "J,shift+down", "J", "move_entry(1)", "move down", "move a term or a view down"),
    Key("build.move_up", BUILD, "K,shift+up", "K", "move_entry(-1)", "move up", "move a term or a view up"),
    Key("build.fold", BUILD, "left,h", "← h", "fold(True)", "fold", "hide the rows below a head"),
    Key("build.unfold", BUILD, "right,l", "→ l", "fold(False)", "unfold", "show them again"),
    Key("build.section", BUILD, "right_square_bracket", "]", "section(1)", "next section", "the next section"),
    Key("build.section_back", BUILD, "left_square_bracket", "[", "section(-1)", "section back", "the section before"),
    Key("build.up", BUILD, "up,k", "↑ k", "move(-1)", "up", "one line up"),
    Key("build.down", BUILD, "down,j", "↓ j", "move(1)", "down", "one line down"),
    Key("build.page_up", BUILD, "pageup", "PgUp", "page(-1)", "page up", "one page up"),
    Key("build.page_down", BUILD, "pagedown", "PgDn", "page(1)", "page down", "one page down"),
    Key("build.first", BUILD, "home", "Home", "edge(-1)", "first", "the first line"),
    Key("build.last", BUILD, "end", "End", "edge(1)", "last", "the last line"),
    Key("build.leave", BUILD, "escape,ctrl+g,backspace", "⌫ Esc", "leave", "leave", "close the editor; else as q"),
    Key("go.runs", GLOBAL, "1", "1", "app.go('runs')", "runs", "the list of runs", 20),
    Key("go.live", GLOBAL, "2", "2", "app.go('live')", "live", "the run that was opened last", 21),
    Key("go.build", GLOBAL, "3", "3", "app.go('build')", "build", "the recipe builder", 22),
    Key("go.compare", GLOBAL, "4", "4", "app.go('compare')", "compare", "runs side by side", 23),
    Key("detach", GLOBAL, "d", "d", "app.detach", "detach", "quit and print how to come back; runs go on"),
    Key("help", GLOBAL, "question_mark,f1", "?", "app.keys", "all keys", "this list", 2),
    Key("repaint", GLOBAL, "ctrl+l", "ctrl+l", "app.repaint", "repaint", "draw the whole screen again"),
    Key("palette", GLOBAL, "", "ctrl+p", "", "commands", "search all commands; themes, also for light terminals"),
    Key("quit", GLOBAL, "Q", "Q ctrl+q", "app.quit", "quit", "quit from anywhere; runs go on"),
)


def bindings(place: str) -> list[Binding]:
    """The bindings of one place, for a screen or the app. Textual's own keys are only in the help."""
    return [
        Binding(key.keys, key.action, key.label, key_display=key.shown, id=key.id, show=False, tooltip=key.help)
        for key in (keys_of(place) if place == GLOBAL else own_keys(place))
        if key.keys
    ]


def keys_in_use(app: App[Any]) -> Sequence[Key]:
    """The key table with the keys that the person has chosen."""
    keys: Sequence[Key] = getattr(app, "keys", KEYS)
    return keys


def keys_of(place: str, keys: Sequence[Key] = KEYS) -> Iterator[Key]:
    """The keys of one place, in the order of the table."""
    return (key for key in keys if key.place == place)


def keys_at(place: str, keys: Sequence[Key] = KEYS) -> Iterator[Key]:
    """All keys that do something in a place: its own, then those that work everywhere."""
    own = list(own_keys(place, keys))
    yield from own
    yield from _others(GLOBAL, own, keys)


def own_keys(place: str, keys: Sequence[Key] = KEYS) -> Iterator[Key]:
    """The keys of a place. A replay has those of the live screen, too, but for what it has other uses for."""
    own = list(keys_of(place, keys))
    yield from own
    if place == REPLAY:
        yield from _others(LIVE, own, keys)


def _others(place: str, nearer: Sequence[Key], keys: Sequence[Key]) -> Iterator[Key]:
    """The keys of `place` whose usual keys no nearer place uses."""
    usual = {key.id: key.shown for key in KEYS}
    taken = {usual[key.id] for key in nearer}
    return (key for key in keys_of(place, keys) if usual[key.id] not in taken)


def footer_keys(place: str, width: int, keys: Sequence[Key] = KEYS) -> list[Key]:
    """The keys that a footer of `width` columns can hold, in the order of the table."""
    ranked = sorted(
        (key for key in (*keys_of(place, keys), *keys_of(GLOBAL, keys)) if key.footer), key=lambda key: key.footer
    )
    chosen: list[Key] = []
    used = 0
    for key in ranked:
        used += len(key.shown) + len(key.label) + 3
        if used > width:
            break
        chosen.append(key)
    return [key for key in keys if key in chosen]


def shown_key(app: App[Any], name: str) -> str:
    """How a person reads the key of the action `name`, for a hint."""
    return next(key.shown for key in keys_in_use(app) if key.id == name)
