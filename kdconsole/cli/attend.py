"""Standing by a run: follow it in the way that the terminal allows, and leave it without harming it."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from kdconsole.cli.follow import Detached, View, follow
from kdconsole.cli.keys import key_presses, wait_or_detach
from kdconsole.cli.narrate import print_json, say
from kdconsole.cli.summary import print_summary
from kdconsole.cli.views import JsonView, LiveView, PlainView
from kdconsole.errors import ExitCode
from kdconsole.launch.local import launch
from kdconsole.runs.layout import RunFolder


def watch_run(folder: RunFolder, *, json: bool) -> ExitCode:
    """Follow a run that somebody else started; ctrl-C or `d` leaves it running."""
    try:
        return _attend(folder, json=json, hint=f"d leaves {folder.name} running")
    except (KeyboardInterrupt, Detached):
        return _farewell([folder])


def tend_runs(folders: Sequence[RunFolder], *, json: bool) -> ExitCode:
    """Start runs and follow them in order. Ctrl-C asks them to stop; a second one, or `d`, leaves them alone."""
    since = time.time()
    process = launch(folders)
    codes = []
    try:
        for folder in folders:
            code = _tend(folder, process, since, json)
            codes.append(code)
            if code == ExitCode.OK and not json:
                print_summary(folder)
            if code == ExitCode.STOPPED:
                break
    except Detached:
        return _farewell(folders)
    return next((code for code in codes if code != ExitCode.OK), ExitCode.OK)


def start_detached(folders: Sequence[RunFolder], *, json: bool) -> None:
    """Start runs and leave them; print their names on stdout and how to come back on stderr."""
    process = launch(folders)
    if json:
        print_json([{"run": folder.name, "path": str(folder.path), "pid": process.pid} for folder in folders])
        return
    for folder in folders:
        print(folder.name)
    say(f"started, process {process.pid}; follow with `kdconsole watch {folders[0].name}`")


def _tend(folder: RunFolder, process: subprocess.Popen[bytes], since: float, json: bool) -> ExitCode:
    def alive() -> bool:
        return process.poll() is None

    try:
        hint = "ctrl-C saves and stops · d leaves it running in the background"
        return _attend(folder, json=json, alive=alive, since=since, hint=hint)
    except KeyboardInterrupt:
        process.terminate()
        say("\nasked it to save its state and stop; ctrl-C again leaves it to that")
    try:
        return _attend(folder, json=json, alive=alive, since=since, hint="stopping…")
    except KeyboardInterrupt:
        raise Detached from None


def _attend(
    folder: RunFolder, *, json: bool, hint: str, alive: Callable[[], bool] | None = None, since: float = 0.0
) -> ExitCode:
    with ExitStack() as stack:
        interactive = sys.stdout.isatty() and sys.stdin.isatty() and not json
        view: View
        if interactive:
            stack.enter_context(key_presses())
            view = stack.enter_context(LiveView(hint))
        else:
            view = JsonView() if json else PlainView()
        pause = wait_or_detach if interactive else time.sleep
        return follow(folder, view, alive=alive, since=since, history=json, pause=pause)


def _farewell(folders: Sequence[RunFolder]) -> ExitCode:
    for folder in folders:
        say(f"{folder.name} goes on without you; come back with `kdconsole watch {folder.name}`")
    return ExitCode.OK
