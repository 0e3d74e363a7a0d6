"""A log by its times: when each of its events was written, and where its line is, so that any part can be read on its own."""

import errno
import os
from array import array
from pathlib import Path
from typing import get_args

import msgspec

from kdconsole.runs.events import VERSION, AnyEvent, Epoch, decode
from kdconsole.runs.lines import LineTail

_SLICE = 1 << 22  # bytes of the log that are in memory at a time
_TYPES = frozenset(kind.__struct_config__.tag for kind in get_args(AnyEvent))


class _Stamp(msgspec.Struct):
    type: str
    t: float
    v: int = VERSION


class Timeline:
    """The events that a log holds by now: 24 bytes for each, whatever its line takes. Lines that are none are passed over.

    `times`: the Unix time of each event. `epochs`: the places in `times` of the ends of epochs.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError when the log cannot be read; an absent one has no events."""
        self.path = path
        self._tail = LineTail(path)
        self._forget()
        decoder = msgspec.json.Decoder(_Stamp)
        more = True
        while more:
            lines = self._tail.read(_SLICE)
            if self._tail.restarted:
                self._forget()
            for line in lines:
                self._take(line, decoder)
            more = self._tail.has_more

    def _forget(self) -> None:
        self.times = array("d")
        self.epochs: list[int] = []
        self._begins, self._ends = array("Q"), array("Q")
        self._position = 0

    def _take(self, line: bytes, decoder: msgspec.json.Decoder[_Stamp]) -> None:
        begin, self._position = self._position, self._position + len(line) + 1
        try:
            stamp = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        if stamp.type not in _TYPES or stamp.v > VERSION:
            return
        if stamp.type == Epoch.__struct_config__.tag:
            self.epochs.append(len(self.times))
        self.times.append(stamp.t)
        self._begins.append(begin)
        self._ends.append(begin + len(line))

    def __len__(self) -> int:
        return len(self.times)

    def read(self, start: int, stop: int) -> list[AnyEvent]:
        """The events from place `start` up to, not including, `stop`. Raises OSError when the log is gone or another."""
        begins, ends = self._begins[start:stop], self._ends[start:stop]
        if not begins:
            return []
        first, size = begins[0], ends[-1] - begins[0]
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            block = os.pread(file, size, first) if os.fstat(file).st_ino == self._tail.inode else b""
        finally:
            os.close(file)
        if len(block) < size:
            raise OSError(errno.ESTALE, "the log is not the one that was opened")
        lines = (block[begin - first : end - first] for begin, end in zip(begins, ends, strict=True))
        return [event for line in lines if (event := decode(line)) is not None]
