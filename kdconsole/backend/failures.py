"""Every way a run can end early, told apart, so that a person reads a cause and a remedy instead of a traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

from kdconsole.errors import ExitCode, UserError


class StopRequested(Exception):
    """A signal or a control line asked the run to stop; its state has been saved."""

    def __init__(self, reason: str, step: int = 0, epoch: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step
        self.epoch = epoch


class Diverged(Exception):
    """The loss is no longer a finite number."""

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


class Failure(NamedTuple):
    """What the `failed` event says."""

    cause: str
    message: str
    hint: str
    exit_code: ExitCode


@contextmanager
def blame(cause: str) -> Iterator[None]:
    """Mark a UserError that is raised inside with the part of the run it belongs to (data, weights, recipe, device)."""
    try:
        yield
    except UserError as error:
        if not hasattr(error, "cause"):
            error.cause = cause  # type: ignore[attr-defined]
        raise


# EFBIG is what a file-size limit answers, EDQUOT a quota, ENOSPC a full disk
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def classify(error: BaseException) -> Failure:
    """The cause, in words and as an exit code."""
    if isinstance(error, UserError):
        return Failure(getattr(error, "cause", "recipe"), error.message, error.hint, error.exit_code)
    if isinstance(error, Diverged):
        return Failure(
            "nan", str(error), "lower train.optimizer.lr, or set train.gradient_clip; the last saved state is from before",
            ExitCode.DIVERGED,
        )  # fmt: skip
    if _out_of_memory(error):
        return Failure(
            "oom", f"out of memory: {str(error).splitlines()[0]}",
            "lower train.batch_size, or free memory on the device; then `kdconsole resume`", ExitCode.RETRY,
        )  # fmt: skip
    if _disk_full(error):
        return Failure("disk", f"cannot write: {error}", "free some space, then `kdconsole resume`", ExitCode.RETRY)
    return Failure(
        "internal",
        f"{type(error).__name__}: {error}",
        "this is a defect; the traceback is in backend.log",
        ExitCode.INTERNAL,
    )


def _out_of_memory(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in _DISK
    # safetensors and torch report a failed write as their own error, the system's words inside
    text = str(error)
    return any(words in text for words in ("No space left on device", "File too large", "Disk quota exceeded"))
