"""The room stays light: it is imported by every command, `--help` included."""

import subprocess
import sys


def test_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, kdconsole.runs.listing, kdconsole.runs.control\n"
        "heavy = {'torch', 'textual', 'pydantic', 'rich', 'numpy', 'scipy', 'kdconsole.recipe'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
