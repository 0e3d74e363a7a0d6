"""Opening the console, which needs a terminal."""

import gc
import sys
from pathlib import Path

import typer

from kdconsole.cli.options import Root, RunName, root_folder
from kdconsole.errors import UserError
from kdconsole.runs.layout import open_run
from kdconsole.text import printable


def register(app: typer.Typer) -> None:
    app.command("open", help="Open the console at a run's live screen.")(open_)


def open_(run_name: RunName, root: Root = None) -> None:
    open_console(root, run_name)


def open_console(root: Path | None, run_name: str | None = None) -> None:
    """Run the console until the person leaves, at a run's live screen if one is given."""
    _require_terminal()
    _load_at_once()
    from kdconsole.tui.app import main

    raise typer.Exit(main(root_folder(root), run_name))


def open_builder(root: Path | None, recipe: Path | None) -> None:
    """The same at the builder, with the recipe in a file or a new one."""
    _require_terminal()
    _load_at_once()
    from kdconsole.tui.app import main
    from kdconsole.tui.messages import OpenBuilder

    raise typer.Exit(main(root_folder(root), None, OpenBuilder(path=recipe)))


def open_replay(root: Path | None, run_name: str, speed: float | None) -> None:
    """The same with a replay of a run, at so many times its pace."""
    folder = open_run(root_folder(root), run_name)
    _require_terminal()
    from kdconsole.runs.timeline import Timeline

    log = Timeline(folder.events)
    if not len(log):
        raise UserError(f"run “{printable(run_name)}” has no events to replay")
    _load_at_once()
    from kdconsole.tui.app import main

    raise typer.Exit(main(root_folder(root), run_name, replayed=log, speed=speed))


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(
            "the console needs a terminal", hint="`kdconsole ls` and `kdconsole watch RUN` work without one"
        )


def _load_at_once() -> None:
    """Do not look for garbage while the console is loaded, which takes a tenth of that time: all of it stays. With its first
    picture the console looks again.
    """
    gc.disable()
