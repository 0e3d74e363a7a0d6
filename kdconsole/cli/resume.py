"""`kdconsole resume RUN`: continue a stopped, killed or failed run from its last saved state."""

from typing import Annotated

import typer

from kdconsole.cli.options import Detach, Json, Root, root_folder
from kdconsole.cli.words import command, run_name
from kdconsole.errors import UserError
from kdconsole.runs.layout import RunFolder, open_run
from kdconsole.runs.state import load_state
from kdconsole.runs.status import Status, status_of


def register(app: typer.Typer) -> None:
    app.command("resume", help="Continue a stopped, killed or failed run from its last saved state.")(resume)


def resume(
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help="Runs; several are continued one after the other.")],
    detach: Detach = False,
    root: Root = None,
    json: Json = False,
) -> None:
    from kdconsole.cli.attend import train

    found = [open_run(root_folder(root), run) for run in runs]
    folders = list({folder.path.resolve(): folder for folder in found}.values())  # one named twice is meant once
    for folder in folders:
        _require_resumable(folder)
    raise typer.Exit(train(folders, detach=detach, json=json))


def _require_resumable(folder: RunFolder) -> None:
    status = status_of(folder, load_state(folder, curves=False))
    if status.status is Status.DONE:
        raise UserError(
            f"run “{run_name(folder)}” is finished; there is nothing to resume",
            hint=f"`kdconsole run {folder.recipe}` trains it again as a new run",
        )
    if status.status in (Status.LIVE, Status.QUEUED):
        raise UserError(f"run “{run_name(folder)}” is running", hint=f"{command('watch', folder)} follows it")
