"""What can end a command, and the exit codes that scripts may rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command and of the backend; part of the public interface."""

    OK = 0
    INTERNAL = 1  # a defect of kdconsole itself; the traceback is in the run's log
    INVALID = 2  # the recipe, an argument or a file is wrong; nothing was started
    RETRY = 3  # the environment failed (memory, disk, device, killed); mend it, then `kdconsole resume`
    DIVERGED = 4  # the loss became NaN or infinite
    STOPPED = 130  # stopped on request; `kdconsole resume` continues


class UserError(Exception):
    """A fault that the person at the terminal can mend.

    `message` says what was found and what is allowed; `hint` says what to do. It is printed without a traceback.
    """

    def __init__(self, message: str, *, hint: str = "", exit_code: ExitCode = ExitCode.INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message
