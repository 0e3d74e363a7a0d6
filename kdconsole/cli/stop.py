"""`kdconsole stop RUN`: ask a running backend to stop or to save."""

from typing import Annotated

import typer

from kdconsole.cli.narrate import say
from kdconsole.cli.options import Root, RunName, root_folder
from kdconsole.errors import UserError
from kdconsole.runs.control import send
from kdconsole.runs.layout import open_run
from kdconsole.runs.state import load_state
from kdconsole.runs.status import Status, status_of


def register(app: typer.Typer) -> None:
    app.command("stop", help="Ask a run to save its state and stop; it can be resumed.")(stop)


def stop(
    run: RunName,
    after_epoch: Annotated[bool, typer.Option("--after-epoch", help="Finish the epoch first.")] = False,
    checkpoint: Annotated[bool, typer.Option("--checkpoint", help="Only save the state now, do not stop.")] = False,
    root: Root = None,
) -> None:
    folder = open_run(root_folder(root), run)
    status = status_of(folder, load_state(folder, curves=False))
    if status.status not in (Status.LIVE, Status.QUEUED):
        raise UserError(f"run “{folder.name}” is not running: {status.word}", hint="`kdconsole ls` shows what runs")
    command = "checkpoint" if checkpoint else "stop_after_epoch" if after_epoch else "stop"
    send(folder, command)
    say(f"asked {folder.name}: {command.replace('_', ' ')}; `kdconsole watch {folder.name}` shows the answer")
