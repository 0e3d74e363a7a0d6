"""A log by its times: when each of its events was written, and where its line is, so that any part can be read on its own."""

import os
from array import array
from itertools import pairwise
from pathlib import Path

import msgspec

from kdconsole.runs.events import AnyEvent, Epoch, decode
from kdconsole.runs.lines import LineTail

_SLICE = 1 << 22  # bytes of the log that are in memory at a time


class _Stamp(msgspec.Struct):
    type: str
    t: float


class Timeline:
    """The events that a log holds by now: 16 bytes for each, whatever its line takes.

    `times`: the Unix time of each event, a line that is none among them (it has the time of the one before). `epochs`: the
    places in `times` of the ends of epochs.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError when the log cannot be read; an absent one has no events."""
        self.path = path
        self._begins = array("Q", [0])  # where each line begins, and where the last one ends
        self.times = array("d")
        self.epochs: list[int] = []
        tail, decoder, is_epoch = LineTail(path), msgspec.json.Decoder(_Stamp), Epoch.__struct_config__.tag
        position, latest, more = 0, 0.0, True
        while more:
            for line in tail.read(_SLICE):
                try:
                    stamp = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    pass
                else:
                    latest = stamp.t
                    if stamp.type == is_epoch:
                        self.epochs.append(len(self.times))
                self.times.append(latest)
                position += len(line) + 1
                self._begins.append(position)
            more = tail.has_more

    def __len__(self) -> int:
        return len(self.times)

    def read(self, start: int, stop: int) -> list[AnyEvent]:
        """The events from place `start` up to, not including, `stop`. Raises OSError when the log is gone."""
        places = self._begins[start : stop + 1]
        if len(places) < 2:
            return []
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            block = os.pread(file, places[-1] - places[0], places[0])
        finally:
            os.close(file)
        lines = (block[begin - places[0] : end - places[0] - 1] for begin, end in pairwise(places))
        return [event for line in lines if (event := decode(line)) is not None]
