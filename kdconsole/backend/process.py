"""One run in this process, from its locked directory to its exit code."""

import traceback
from contextlib import suppress

from kdconsole.backend.device import prepare_device
from kdconsole.backend.failures import blame
from kdconsole.backend.lifecycle import exit_code_of, supervised, tell_end
from kdconsole.backend.requests import Requests
from kdconsole.backend.session import Session
from kdconsole.backend.signals import Signals, StopRequested
from kdconsole.errors import ExitCode, UserError
from kdconsole.recipe.load import load_recipe
from kdconsole.recipe.schema import Recipe
from kdconsole.recipe.write import recipe_hash
from kdconsole.runs.events import Finished
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.lock import Heartbeat
from kdconsole.runs.log import EventWriter
from kdconsole.runs.state import RunState, load_state
from kdconsole.text import printable


def run_folder(folder: RunFolder, signals: Signals) -> ExitCode:
    """Train the run in `folder`, whose lock the caller holds. Every outcome becomes an event; none is raised."""
    with Heartbeat(folder), EventWriter(folder.events) as events:
        try:
            signals.raise_if_stopped()
            with blame("recipe"):
                recipe = load_recipe(folder.recipe)
                refuse_changed(recipe, load_state(folder, curves=False))
            with blame("device"):
                device = prepare_device(recipe.train)
        except BaseException as error:
            tell_end(error, events)
            return _explained(error)
        try:
            with supervised(recipe, folder, device, events):
                requests = Requests(folder, events, signals)
                result = Session(recipe, folder, device, events, requests).run()
                events.append(Finished(step=result.steps, result=result))
                events.sync()
        except BaseException as error:
            return _explained(error)
        return ExitCode.OK


def refuse_changed(recipe: Recipe, state: RunState) -> None:
    """Raise UserError when the recipe in a run's directory is no longer the one that the run began with."""
    now = recipe_hash(recipe)
    if state.recipe_hash and state.recipe_hash != now:
        raise UserError(
            f"recipe.toml of run “{printable(state.run)}” was changed since the run began "
            f"(identity {state.recipe_hash}, now {now})",
            hint="undo the change to resume, or start a new run from the changed recipe with `kdconsole run`",
        )


def _explained(error: BaseException) -> ExitCode:
    """Print a traceback into the backend's log for anything that is not a plain request or a user's fault."""
    if not isinstance(error, StopRequested | UserError):
        with suppress(OSError):  # the log file may lie on the disk that is full
            traceback.print_exception(error)
    return exit_code_of(error)
