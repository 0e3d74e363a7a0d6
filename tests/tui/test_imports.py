"""The screens load fast and on machines without a GPU stack in memory."""

import subprocess
import sys


def test_the_screens_load_no_torch_and_no_recipe_schema() -> None:
    code = (
        "import sys, kdconsole.tui.app; "
        "found = {name.split('.')[0] for name in sys.modules} & {'torch', 'torchvision', 'numpy', 'pydantic', 'sklearn'}; "
        "found |= {name for name in sys.modules if name.startswith(('kdconsole.recipe', 'kdconsole.backend'))}; "
        "sys.exit(repr(sorted(found)) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
