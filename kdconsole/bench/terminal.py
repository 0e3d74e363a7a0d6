"""A process in a pseudo-terminal of its own, measured from outside: what it sends and when, its time and its memory."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import NamedTuple, Self

import psutil

_BLOCK = 1 << 16
_SLOW_BLOCK = 256  # bytes that a slow link takes at a time

# what would tell of another terminal, and what would have all modules compiled again at each start
_NOT_INHERITED = ("COLUMNS", "LINES", "COLORTERM", "PYTHONDONTWRITEBYTECODE")

# Makes the terminal on its stdin the one that its session belongs to, then becomes the command. A preexec_fn would do the
# same inside this process, which has threads that may hold locks at that moment.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


class Chunk(NamedTuple):
    """Bytes that arrived together: where they end in all that was sent, and when (monotonic time)."""

    end: int
    time: float


class Terminal:
    """A Python process on a terminal. A thread takes what it writes, at most `rate` bytes a second where that is given.
    What is typed arrives `delay` seconds later, and so does what it sends.

    A context manager: the process is ended with the body.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        columns: int,
        rows: int,
        *,
        rate: float | None = None,
        delay: float = 0.0,
        **environment: str,
    ) -> None:
        """`arguments` are those of the interpreter, `["-m", "kdconsole"]` say."""
        self.sent = bytearray()
        self.chunks: list[Chunk] = []
        self._rate = rate
        self._delay = delay
        self._news = threading.Condition()
        self._over = False  # the process has left its terminal
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        self.began = time.monotonic()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _TAKE_TERMINAL, *arguments],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**inherited, "TERM": "xterm-256color", **environment},
                start_new_session=True,
            )
        except OSError:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        self._thread = threading.Thread(target=self._drain, name="terminal", daemon=True)
        self._thread.start()
        self._typed: SimpleQueue[tuple[float, str] | None] = SimpleQueue()  # with when it is to arrive
        self._carrier = threading.Thread(target=self._carry, name="keys", daemon=True)
        self._carrier.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def type(self, keys: str) -> float:
        """Send keys; returns when (monotonic time)."""
        now = time.monotonic()
        if self._delay:
            self._typed.put((now + self._delay, keys))
        else:
            os.write(self._master, keys.encode())
        return now

    def arrival(self, wanted: bytes, since: int = 0, patience: float = 30.0) -> float | None:
        """When the first `wanted` beyond the first `since` bytes was complete; waits for it.

        None when it has not come within `patience` seconds, or the process has ended without it.
        """
        deadline = time.monotonic() + patience
        with self._news:
            while (place := self.sent.find(wanted, since)) < 0:
                rest = deadline - time.monotonic()
                if rest <= 0 or self._over:
                    return None
                self._news.wait(rest)
            end = place + len(wanted)
            return next(chunk.time for chunk in self.chunks if chunk.end >= end)

    def quiet_for(self, seconds: float, patience: float = 30.0) -> bool:
        """Wait until nothing has been sent for `seconds`; False when that has not happened within `patience`."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not self._over:
            latest = self.chunks[-1].time if self.chunks else self.began
            rest = latest + seconds - time.monotonic()
            if rest <= 0 and self.chunks:
                return True
            time.sleep(max(0.005, rest))
        return False

    def cpu_seconds(self) -> float:
        """Processor time of the process so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def resident_mib(self) -> float:
        """Its resident memory."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 2**20)

    def close(self, patience: float = 30.0) -> None:
        """End the process, however that has to be done. All that it has sent is in `sent` then."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.join(patience)
        self._typed.put(None)
        self._carrier.join()
        os.close(self._master)

    def join(self, patience: float) -> None:
        """Wait until everything that an ended process has sent is taken."""
        self._rate = None
        self._thread.join(patience)

    def _carry(self) -> None:
        while (typed := self._typed.get()) is not None:
            due, keys = typed
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):  # the process has gone meanwhile
                os.write(self._master, keys.encode())

    def _drain(self) -> None:
        while data := self._read():
            with self._news:
                self.sent += data
                self.chunks.append(Chunk(len(self.sent), time.monotonic() + self._delay))
                self._news.notify_all()
            if self._rate is not None:
                time.sleep(len(data) / self._rate)
        with self._news:
            self._over = True
            self._news.notify_all()

    def _read(self) -> bytes:
        try:
            return os.read(self._master, _BLOCK if self._rate is None else _SLOW_BLOCK)
        except OSError:  # Linux says so when the last process has left the terminal
            return b""
