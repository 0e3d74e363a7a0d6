"""The event log: one writer that never leaves a torn line behind, any number of readers that never see one."""

import contextlib
import errno
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from kdconsole.runs.events import AnyEvent, Failed, Finished, Stopped, decode, encode
from kdconsole.runs.lines import LineTail

RESERVE = 64 * 1024  # bytes kept on disk so that "the disk is full" can still be written down
_FULL = {errno.ENOSPC, errno.EDQUOT}
_BLOCK = 1 << 16
_FREQUENT = (b'{"type":"step"', b'{"type":"vitals"')  # how the lines begin that a listing passes over


class EventWriter:
    """Appends events to a log. One process writes at a time (it holds the run's lock); its threads may share a writer.

    While the log is open, a hidden reserve file beside it keeps a little space. When the disk is full, `append` of the
    run's last word (Failed, Stopped, Finished) gives that space up and tries again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reserve = path.with_name(f".{path.name}.reserve")
        self._lock = threading.Lock()
        self._file = -1

    def open(self) -> Self:
        """Open the log and cut off a last line that a killed writer has left incomplete. Raises OSError."""
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            _repair(self._file)
            with contextlib.suppress(OSError):  # without a reserve the log works all the same
                self._reserve.write_bytes(os.urandom(RESERVE))
        return self

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
                with contextlib.suppress(OSError):
                    self._reserve.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, event: AnyEvent) -> AnyEvent:
        """Write `event` as one line, stamped with the current time unless it has one; returns it as written.

        Raises OSError (a full disk, say); the log then ends where it ended before.
        """
        if not event.t:
            event = msgspec.structs.replace(event, t=time.time())
        line = encode(event)
        with self._lock:
            try:
                self._write(line)
            except OSError as error:
                if error.errno not in _FULL or not isinstance(event, Failed | Stopped | Finished):
                    raise
                self._reserve.unlink(missing_ok=True)
                self._write(line)
        return event

    def sync(self) -> None:
        """Force everything appended so far to the disk. Raises OSError."""
        with self._lock:
            os.fsync(self._file)

    def _write(self, line: bytes) -> None:
        end = os.fstat(self._file).st_size
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except BaseException:
            os.ftruncate(self._file, end)
            raise


def _repair(file: int) -> None:
    """Truncate `file` to the end of its last complete line."""
    end = os.fstat(file).st_size
    position = end
    while position > 0:
        start = max(0, position - _BLOCK)
        found = os.pread(file, position - start, start).rfind(b"\n")
        if found >= 0:
            if start + found + 1 < end:
                os.ftruncate(file, start + found + 1)
            return
        position = start
    if end:
        os.ftruncate(file, 0)


class EventTail:
    """New events of a log that may still be growing.

    `skipped` counts complete lines that held no known event. `restarted` is True when the latest `read` began again at
    the start because the log was replaced or has shrunk: its reader has to forget what it knows.
    """

    def __init__(self, path: Path, *, steps: bool = True) -> None:
        """With `steps=False` only the last of the new training-step events, and of the vitals, is decoded: much faster, for a
        listing."""
        self.path = path
        self.skipped = 0
        self._steps = steps
        self._lines = LineTail(path)

    @property
    def restarted(self) -> bool:
        return self._lines.restarted

    @property
    def has_more(self) -> bool:
        """Whether the latest `read` stopped at its limit."""
        return self._lines.has_more

    @property
    def position(self) -> int:
        """The offset in the log up to which events have been read."""
        return self._lines.position

    @property
    def inode(self) -> int | None:
        """The file that the latest `read` found, None when there was none."""
        return self._lines.inode

    def skip_to(self, position: int, inode: int, skipped: int) -> None:
        """Take the lines of the file `inode` before `position` as read, `skipped` of them without a known event. Only before
        a first `read`.
        """
        self._lines.skip_to(position, inode)
        self.skipped = skipped

    def read(self, limit: int | None = None) -> list[AnyEvent]:
        """Events of the lines completed since the last call, from about `limit` bytes. An absent file has none.

        Raises OSError when the file exists and cannot be read.
        """
        lines = self._lines.read(limit)
        if self.restarted:
            self.skipped = 0
        if not self._steps:
            lines = _without_steps(lines)
        events: list[AnyEvent] = []
        for line in lines:
            event = decode(line)
            if event is None:
                self.skipped += 1
            else:
                events.append(event)
        return events


def _without_steps(lines: list[bytes]) -> list[bytes]:
    places = range(len(lines) - 1, -1, -1)
    last = {next((place for place in places if lines[place].startswith(kind)), -1) for kind in _FREQUENT}
    return [line for place, line in enumerate(lines) if not line.startswith(_FREQUENT) or place in last]
