"""Events as lines for a person: a time, a sign, a few words. `RunState` has made their texts printable."""

from dataclasses import dataclass

from kdconsole.runs.events import (
    AnyEvent,
    Checkpoint,
    Control,
    Evaluation,
    Failed,
    Finished,
    Notice,
    Phase,
    Started,
    Stopped,
)
from kdconsole.runs.state import RunState
from kdconsole.tui.format import duration

_ASKED = {"stop": "stop now", "stop_after_epoch": "stop after this epoch", "checkpoint": "save a checkpoint"}


@dataclass(frozen=True)
class EventLine:
    """`level`: info, good, warning or bad; `sign` says the same without colour.

    A line replaces the one before it when both have the same `topic`: of many improvements in a row the last is news.
    """

    t: float
    level: str
    sign: str
    word: str
    text: str
    topic: str = ""


def event_line(event: AnyEvent, state: RunState) -> EventLine | None:
    """The line for `event`, just applied to `state`; None for what happens in every epoch."""
    found = _describe(event, state)
    topic = f"best {event.subject} {event.split}" if isinstance(event, Evaluation) else ""
    return EventLine(event.t, *found, topic) if found else None


def _describe(event: AnyEvent, state: RunState) -> tuple[str, str, str, str] | None:
    match event:
        case Started():
            again = f"resumed at step {event.step:,}" if event.resumed else "started"
            return (
                "info",
                "▸",
                "start",
                f"{again} on {event.device} at {event.host}, pid {event.pid}, seed {event.seed}",
            )
        case Phase():
            detail = f": {event.detail}" if event.detail else ""
            return "info", "»", "phase", f"{event.phase} begins, {event.epochs} epochs{detail}"
        case Evaluation():
            return _evaluation(event, state)
        case Checkpoint() if event.kind == "last":
            return "info", "▪", "saved", event.path
        case Notice():
            warned = event.level != "info"
            return ("warning", "!", "WARN", event.message) if warned else ("info", "·", "note", event.message)
        case Control():
            asked = _ASKED.get(event.command, event.command)
            reason = f": {event.message}" if event.message else ""
            if event.accepted:
                return "info", "←", "asked", f"{asked}, accepted{reason}"
            return "warning", "←", "asked", f"{asked}, refused{reason}"
        case Finished():
            return "good", "✓", "done", f"{event.result.epochs} epochs in {duration(event.result.seconds)}"
        case Stopped():
            return "warning", "‖", "stopped", f"{event.reason}, in epoch {event.epoch}; `kdconsole resume` goes on"
        case Failed():
            hint = f" → {event.hint}" if event.hint else ""
            return "bad", "✗", "FAILED", f"{event.cause}: {event.message}{hint}"
    return None


def _evaluation(event: Evaluation, state: RunState) -> tuple[str, str, str, str] | None:
    score = f"{event.split} {event.top1:.2f}"
    if event.subject == "teacher" and event.phase != "teacher":
        return "info", "◆", "teacher", score
    if state.best.get((event.subject, event.split)) is event:
        return "good", "▲", "best", f"{event.subject} {score} (epoch {event.epoch})"
    return None
