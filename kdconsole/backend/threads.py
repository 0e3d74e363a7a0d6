"""How PyTorch's threads wait for each other. Free of torch: OpenMP reads it when torch is loaded."""

import os


def wait_politely() -> None:
    """Let waiting OpenMP threads spin for microseconds, not milliseconds, unless the environment says otherwise.

    By default a thread that waits burns its core. Alone that is free; beside another run on the same cores both slow down
    to a crawl.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
