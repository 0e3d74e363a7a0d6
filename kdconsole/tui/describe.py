"""The lines above the charts, as pure functions of state and view."""

import time
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from kdconsole.runs.events import Evaluation, Finished
from kdconsole.runs.listing import pair_of
from kdconsole.runs.state import RunState
from kdconsole.runs.status import RunStatus, Status
from kdconsole.tui.format import age, duration, shorten
from kdconsole.tui.palette import Palette

_LATE = 60.0  # seconds
NARROW = 100  # columns below which words are shortened


@dataclass(frozen=True)
class Field:
    """A piece of a line. When the line is too long, pieces go, the highest `rank` first."""

    text: str
    style: Style
    rank: int


def fit(fields: list[Field], width: int, gap: int = 2) -> Text:
    """The fields side by side, as many as `width` columns hold."""
    kept = [field for field in fields if field.text]
    while len(kept) > 1 and sum(cell_len(field.text) + gap for field in kept) - gap + 1 > width:
        kept.remove(max(kept, key=lambda field: field.rank))
    line = Text(" ", no_wrap=True, overflow="ellipsis")
    for place, field in enumerate(kept):
        line.append(" " * gap if place else "")
        line.append(field.text, field.style)
    line.truncate(width)
    return line


def status_style(status: RunStatus, palette: Palette) -> Style:
    """The colour that goes with a status's sign and word."""
    match status.status:
        case Status.LIVE:
            return palette.good + palette.strong
        case Status.DONE:
            return palette.good
        case Status.FAILED:
            return palette.bad
        case Status.STALE | Status.STOPPED:
            return palette.warning
    return palette.dim


def title_line(name: str, state: RunState, palette: Palette, width: int) -> Text:
    """The run's name and what it is about."""
    facts = state.facts
    seed = "" if state.seed is None else f"seed {state.seed}"
    place = f"{state.device} @ {state.host}" if state.host else ""
    return fit(
        [
            Field("kdconsole", palette.dim, 1),
            Field(shorten(name, max(12, width // 2)), palette.accent, 0),
            Field(facts.get("method", ""), palette.plain, 2),
            Field(pair_of(facts), palette.plain, 3),
            Field(facts.get("dataset", ""), palette.dim, 4),
            Field(seed, palette.dim, 5),
            Field(place, palette.dim, 6),
        ],
        width,
        gap=3,
    )


@dataclass(frozen=True)
class Notes:
    """What the state line says beside the run's own state: why to look, where the cursor is, the lead over a baseline, whose
    turn it is. Empty: nothing.
    """

    alert: str = ""
    cursor: str = ""
    advantage: str = ""
    turn: str = ""


NOTHING = Notes()


def status_line(
    name: str,
    state: RunState,
    status: RunStatus,
    palette: Palette,
    width: int,
    *,
    with_name: bool,
    frozen: bool = False,
    trouble: str = "",
    now: float | None = None,
    notes: Notes = NOTHING,
) -> Text:
    """The whole answer in one line: is it alive, where is it, how good is it, when does it end."""
    short = width < NARROW
    fields = [
        Field("FROZEN space goes on" if frozen and not short else "FROZEN" if frozen else "", _reverse(palette), 0),
        Field(shorten(name, max(10, width // 4)) if with_name else "", palette.accent, 5),
        Field(f"{status.glyph} {status.word}", status_style(status, palette), 1),
        Field(trouble, palette.bad, 2),
        Field(f"! {notes.alert}" if notes.alert else "", palette.warning + palette.strong, 5 if short else 2),
        Field(notes.cursor, palette.accent, 1),
        Field(_phase(state), palette.plain, 8),
        Field(_epoch(state, short), palette.plain, 3),
        Field("" if short or not state.step else f"step {state.step:,}", palette.plain, 8),
        Field("" if short else _speed(state, status), palette.plain, 9),
        *_score_fields(state, palette, short),
        Field(notes.advantage, palette.strong, 5),
        Field("" if short else notes.turn, palette.reference, 7),
        Field(_time(state, status, short, now), palette.strong, 4),
        Field("" if trouble or status.status is Status.FAILED else status.detail, palette.warning, 10),
    ]
    return fit(fields, width)


def _reverse(palette: Palette) -> Style:
    return palette.warning + Style(reverse=True, bold=True)


def _phase(state: RunState) -> str:
    phase = state.current_phase
    if phase is None:
        return ""
    return f"{phase.name} {phase.index + 1}/{phase.total}" if phase.total > 1 else phase.name


def _epoch(state: RunState, short: bool) -> str:
    if state.current_phase is None:
        return ""
    word = "ep" if short else "epoch"
    return f"{word} {state.epoch}/{state.epochs}" if state.epochs else f"{word} {state.epoch}"


def _speed(state: RunState, status: RunStatus) -> str:
    running = status.status is Status.LIVE and state.images_per_second > 0
    return f"{state.images_per_second:,.0f} img/s" if running else ""


def _score_fields(state: RunState, palette: Palette, short: bool) -> list[Field]:
    last, best = state.last_top1, state.best_top1
    teacher = teacher_score(state)
    if last is None:
        # While the teacher is trained, its own score is what there is.
        return [Field(f"teacher {teacher.top1:.2f}" if teacher else "", palette.strong, 2)]
    arrow = " ▲" if best is not None and last >= best else ""
    fields = [Field(f"{state.selected_on} {last:.2f}{arrow}", palette.strong + palette.good, 2)]
    if best is not None and not arrow and not short:
        fields.append(Field(f"best {best:.2f}", palette.plain, 8))
    if teacher:
        gap = f"{last - teacher.top1:+.2f}".replace("-", "−")
        text = f"T{teacher.top1:.2f} {gap}" if short else f"T {teacher.top1:.2f}, gap {gap}"
        fields.append(Field(text, palette.reference, 6))
    return fields


def teacher_score(state: RunState) -> Evaluation | None:
    """The teacher's latest score, on the split by which the student is judged if there is one."""
    scores = state.teacher_scores
    return scores.get(state.selected_on) or next(iter(scores.values()), None)


def _time(state: RunState, status: RunStatus, short: bool, now: float | None) -> str:
    if isinstance(state.outcome, Finished):
        return f"took {duration(state.outcome.result.seconds)}"
    if status.status is Status.LIVE:
        if state.eta is None or state.last_event is None:
            return ""
        passed = max(0.0, (time.time() if now is None else now) - state.last_event)
        overdue = passed > state.eta + _LATE  # it has stopped writing: what was estimated means nothing any more
        return "" if overdue else f"eta {duration(max(0.0, state.eta - passed))}"
    if status.age_seconds is not None and status.status is not Status.QUEUED:
        return f"{age(status.age_seconds)} ago"
    return ""


def window_title(name: str, state: RunState, alert: str = "") -> str:
    """What the terminal's own title bar or tmux's window list shows."""
    warning = f"! {alert}: " if alert else ""
    score = "" if state.last_top1 is None else f"{state.last_top1:.1f}% "
    epoch = f"ep{state.epoch} " if state.current_phase else ""
    return f"{warning}{score}{epoch}{name}"
