"""Following a run: read its log until its last word, showing each event through a view. Never owns the run."""

import time
from collections.abc import Callable
from typing import Protocol

from kdconsole.errors import ExitCode, UserError
from kdconsole.runs.events import AnyEvent, Failed, Finished, Stopped
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.log import EventTail
from kdconsole.runs.state import RunState
from kdconsole.runs.status import Status, status_of
from kdconsole.text import printable

_POLL_SECONDS = 0.2
_STATUS_SECONDS = 1.0
_RECALLED = 6
_PATIENCE_SECONDS = 20.0  # for a process that has been started and has not yet taken its lock


class View(Protocol):
    """Shows a run on the command line."""

    def show(self, event: AnyEvent, state: RunState) -> None:
        """An event that has just been applied to `state`."""

    def tick(self, state: RunState) -> None:
        """Time has passed."""


class Detached(Exception):
    """The person left; the run goes on."""


def follow(
    folder: RunFolder,
    view: View,
    *,
    alive: Callable[[], bool] | None = None,
    since: float = 0.0,
    history: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> ExitCode:
    """Show the run in `folder` until it ends; returns the exit code that its end stands for.

    `alive` tells whether the process that was started for it still runs (None: judged by lock and heartbeat). A last word
    from before `since` (Unix time) belongs to an earlier process. Of what the log already holds, all is shown with
    `history`, else the newest few events. `pause` waits, and may raise Detached. Raises UserError when the run is not, or
    no longer, worked on.
    """
    tail, state = EventTail(folder.events), RunState()
    began = checked = time.monotonic()
    known = tail.read() if not history else []
    state.extend(known)
    for event in list(state.recent)[-_RECALLED:]:
        view.show(event, state)
    while True:
        ended = alive is not None and not alive()
        events = tail.read()
        if tail.restarted:
            state = RunState()
        for event in events:
            state.apply(event)
            view.show(event, state)
        if state.outcome is not None and (ended or _is_last_word(folder, state, since)):
            return exit_code(state.outcome)
        now = time.monotonic()
        if ended or (alive is None and now - checked >= _STATUS_SECONDS):
            checked = now
            _require_life(folder, state, ended, now - began)
        view.tick(state)
        pause(_POLL_SECONDS)


def exit_code(outcome: Finished | Stopped | Failed) -> ExitCode:
    """What a run's last word means to scripts."""
    if isinstance(outcome, Finished):
        return ExitCode.OK
    if isinstance(outcome, Stopped):
        return ExitCode.STOPPED
    known = {int(code) for code in ExitCode}
    return ExitCode(outcome.exit_code) if outcome.exit_code in known else ExitCode.INTERNAL


def _is_last_word(folder: RunFolder, state: RunState, since: float) -> bool:
    """A run that is being resumed still shows its old outcome until the new process has begun."""
    return (
        state.outcome is not None and state.outcome.t >= since and status_of(folder, state).status is not Status.QUEUED
    )


def _require_life(folder: RunFolder, state: RunState, ended: bool, waited: float) -> None:
    status = status_of(folder, state)
    name = printable(folder.name)
    if ended or status.status is Status.STALE:
        if state.outcome is not None:
            return
        raise UserError(
            f"run “{name}” ended without a last word: killed, or the machine went down{_log_tail(folder)}",
            hint=f"`kdconsole resume {name}` continues from its last saved state",
            exit_code=ExitCode.RETRY,
        )
    if status.status is Status.NEW and waited > _PATIENCE_SECONDS:
        raise UserError(f"run “{name}” has not been started", hint=f"`kdconsole resume {name}` starts it")


def _log_tail(folder: RunFolder) -> str:
    try:
        lines = folder.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    except OSError:
        return ""
    return "".join(f"\n    {printable(line)}" for line in lines if line.strip())
