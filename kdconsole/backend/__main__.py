"""`python -m kdconsole.backend RUN_DIR…`: train these runs, one after the other, in this process."""

import sys
from contextlib import ExitStack
from pathlib import Path

from kdconsole.errors import ExitCode, UserError
from kdconsole.runs.control import clear
from kdconsole.runs.layout import RunFolder, is_run
from kdconsole.runs.lock import RunLock
from kdconsole.runs.state import is_finished


def main(arguments: list[str]) -> int:
    folders = [RunFolder(Path(argument).resolve()) for argument in arguments]
    if not folders:
        print("usage: python -m kdconsole.backend RUN_DIR…", file=sys.stderr)
        return ExitCode.INVALID
    try:
        with ExitStack() as locks:
            # all locks at once, before the slow imports: a waiting run is visibly queued, and nobody else can start it
            for folder in folders:
                if not is_run(folder.path):
                    raise UserError(f"{folder.path} is not a run directory (no recipe.toml)")
                locks.enter_context(RunLock(folder))
                if is_finished(folder):
                    raise UserError(
                        f"the run in {folder.path} is finished", hint="start a new one with `kdconsole run`"
                    )
                clear(folder)  # what was asked of an earlier process is not meant for this one
            return _train(folders)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return error.exit_code if isinstance(error, UserError) else ExitCode.RETRY


def _train(folders: list[RunFolder]) -> int:
    from kdconsole.backend.process import run_folder
    from kdconsole.backend.requests import Signals

    signals = Signals()
    codes = []
    for folder in folders:
        codes.append(run_folder(folder, signals))
        if signals.stop_reason:
            break
    return next((code for code in codes if code != ExitCode.OK), ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
