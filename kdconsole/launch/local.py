"""Starting the backend on this machine, in a session of its own, so that no lost terminal ends it."""

import os
import subprocess
import sys
from collections.abc import Sequence

from kdconsole.runs.layout import RunFolder


def launch(folders: Sequence[RunFolder]) -> subprocess.Popen[bytes]:
    """Start one backend process that trains `folders` in order. What it prints goes to each run's backend.log."""
    # -P: the working directory is the user's, and a random.py in it must not pose as the standard library's
    with folders[0].log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "kdconsole.backend", *(str(folder.path) for folder in folders)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
