"""`kdconsole resume RUN`: continue a stopped, killed or failed run from its last saved state."""

from typing import Annotated

import typer

from kdconsole.cli.options import Json, Root, root_folder
from kdconsole.errors import UserError
from kdconsole.runs.layout import RunFolder, open_run
from kdconsole.runs.state import load_state
from kdconsole.runs.status import Status, status_of


def register(app: typer.Typer) -> None:
    app.command("resume", help="Continue a stopped, killed or failed run from its last saved state.")(resume)


def resume(
    runs: Annotated[list[str], typer.Argument(metavar="RUN…", help="Runs; several are continued one after the other.")],
    detach: Annotated[bool, typer.Option("--detach", help="Start it, print how to come back, and return.")] = False,
    root: Root = None,
    json: Json = False,
) -> None:
    from kdconsole.cli.attend import start_detached, tend_runs

    folders = [open_run(root_folder(root), run) for run in runs]
    for folder in folders:
        _require_resumable(folder)
    if detach:
        start_detached(folders, json=json)
    else:
        raise typer.Exit(tend_runs(folders, json=json))


def _require_resumable(folder: RunFolder) -> None:
    status = status_of(folder, load_state(folder, curves=False))
    if status.status is Status.DONE:
        raise UserError(
            f"run “{folder.name}” is finished; there is nothing to resume",
            hint=f"`kdconsole run {folder.recipe}` trains it again as a new run",
        )
    if status.status in (Status.LIVE, Status.QUEUED):
        raise UserError(f"run “{folder.name}” is running", hint=f"`kdconsole watch {folder.name}` follows it")
