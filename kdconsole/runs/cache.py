"""What a log was reduced to, kept beside it, so that a long run is opened at once and only its newest lines are read.

The log is the truth. A cache that is missing, torn, of another log or by other code is passed over, and may be deleted at
any time. Readers write it where they can: on a read-only or a full disk, reading takes longer, and nothing else happens.

The file is a head (format, code, checksum and length of the record), the record (msgpack: which part of which log, the
fields of the state), and the numbers of all curves as they lie in memory.
"""

import contextlib
import dataclasses
import functools
import os
import struct
import sys
import zlib
from array import array
from collections import deque
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar, get_args, get_origin

import msgspec

from kdconsole.files import write_cache
from kdconsole.runs.log import EventTail
from kdconsole.runs.safe import printable_event
from kdconsole.runs.series import Blocks, Rows, Series

T = TypeVar("T")

DERIVED = {"derived": True}  # the metadata of a field that can be found again from the others
LEAST = 1 << 18  # bytes of a log that are read so quickly that nothing is kept of them
GROWTH = 8  # a cache is written anew when the log has grown by this part of what it covers
_HEAD = struct.Struct("<24sIIQ")
_FORMAT = f"kdconsole cache {sys.byteorder}".encode().ljust(24)
_INVALID = (OSError, EOFError, struct.error, msgspec.MsgspecError, ValueError, TypeError, LookupError, RecursionError)
_END = 4096  # bytes at both ends of what is covered, by which a log is known again


class _Record(msgspec.Struct, array_like=True, frozen=True):
    """`inode`, `position` and `ends` say which log, up to where, with a checksum of both ends of that part, in which
    `skipped` lines held no known event. `columns` are the numbers behind the record: bytes and checksum of each."""

    inode: int
    position: int
    ends: int
    skipped: int
    columns: list[tuple[int, int]]
    fields: msgspec.Raw


class Cache(Generic[T]):
    """Keeps a `kind` of dataclass beside the log from which it was reduced: all that it declares, but derived fields."""

    def __init__(self, path: Path, log: Path, kind: type[T]) -> None:
        self._path = path
        self._log = log
        self._kind = kind
        self._covered = 0  # bytes of the log

    def restore(self, tail: EventTail) -> T | None:
        """What was kept; `tail`, which has not read yet, goes on behind it. None where nothing valid is kept."""
        try:
            with self._path.open("rb") as file:
                record = _read_record(file)
                if record is None or record.ends != self._ends(record.inode, record.position):
                    return None
                state = _restored(self._kind, record, file)
        except _INVALID:
            return None
        tail.skip_to(record.position, record.inode, record.skipped)
        self._covered = record.position
        return state

    def keep(self, state: T, tail: EventTail) -> None:
        """Keep `state`, the reduction of all that `tail` has read, if that will save the next reader time."""
        position, inode = tail.position, tail.inode
        if position < self._covered:
            self._covered = 0
        if inode is None or position - self._covered < max(LEAST, self._covered // GROWTH):
            return
        self._covered = position  # where it cannot be written, it is not tried again at once
        with contextlib.suppress(OSError):
            ends = self._ends(inode, position)
            if ends is not None:
                self._write(state, _Record(inode, position, ends, tail.skipped, [], msgspec.Raw()))

    def _write(self, state: T, record: _Record) -> None:
        columns = _Columns()
        values = [getattr(state, field.name) for field in _fields(self._kind)]
        fields = msgspec.Raw(msgspec.msgpack.encode(values, enc_hook=columns.encode))
        numbers = [memoryview(column).cast("B") for column in columns.found]
        sizes = [(len(column), zlib.crc32(column)) for column in numbers]
        content = msgspec.msgpack.encode(msgspec.structs.replace(record, columns=sizes, fields=fields))
        head = _HEAD.pack(_FORMAT, code_checksum(), zlib.crc32(content), len(content))
        write_cache(self._path, [head, content, *numbers])

    def _ends(self, inode: int, position: int) -> int | None:
        """A checksum of the log's beginning and of what lies before `position`; None when it is another log by now."""
        file = os.open(self._log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(file)
            if status.st_ino != inode or status.st_size < position:
                return None
            head = os.pread(file, min(_END, position), 0)
            return zlib.crc32(os.pread(file, min(_END, position), max(0, position - _END)), zlib.crc32(head))
        finally:
            os.close(file)


class _Columns:
    """The arrays that a state's curves consist of, each of them once."""

    def __init__(self) -> None:
        self.found: list[array[float]] = []
        self._places: dict[int, int] = {}

    def encode(self, value: Any) -> Any:
        """For msgspec: what stands in the record for a value that msgpack does not know."""
        if isinstance(value, Series):
            blocks = value.blocks
            return [self._place(column) for column in (value.x, value.y, blocks.low, blocks.high, blocks.total)]
        if isinstance(value, deque):
            return list(value)
        raise NotImplementedError(f"cannot keep a {type(value).__name__}")

    def _place(self, column: "array[float]") -> int:
        place = self._places.get(id(column))
        if place is None:
            place = self._places[id(column)] = len(self.found)
            self.found.append(column)
        return place


def _read_record(file: BinaryIO) -> _Record | None:
    form, code, checksum, length = _HEAD.unpack(file.read(_HEAD.size))
    if form != _FORMAT or code != code_checksum() or length > _rest(file):
        return None
    record = file.read(length)
    if zlib.crc32(record) != checksum:
        return None
    return msgspec.msgpack.decode(record, type=_Record)


def _restored(kind: type[T], record: _Record, file: BinaryIO) -> T:
    sizes = [size for size, _ in record.columns]
    if sum(sizes) != _rest(file) or min(sizes, default=0) < 0:
        raise EOFError
    curves = _Curves([_read_column(file, size, checksum) for size, checksum in record.columns])
    fields = _fields(kind)
    types: Any = tuple[tuple(field.type for field in fields)]  # type: ignore[misc]
    values = msgspec.msgpack.decode(record.fields, type=types, dec_hook=curves.decode)
    state = kind()
    for field, value in zip(fields, values, strict=True):
        clean = printable_event(value)  # somebody else may have written the file
        if isinstance(clean, deque):
            getattr(state, field.name).extend(clean)  # which knows how many it holds
        else:
            setattr(state, field.name, clean)
    curves.share()
    return state


class _Curves:
    """The series that consist of `columns`."""

    def __init__(self, columns: "list[array[float]]") -> None:
        self._columns = columns
        self._by_x: dict[int, list[Series]] = {}

    def decode(self, kind: Any, value: Any) -> Any:
        """For msgspec: what `_Columns.encode` has put into the record."""
        if kind is Series:
            x, y, *blocks = (self._columns[place] for place in value)
            series = Series.of(x, y, Blocks(*blocks))
            self._by_x.setdefault(value[0], []).append(series)
            return series
        if get_origin(kind) is deque:
            return deque(msgspec.convert(value, list[get_args(kind)[0]], dec_hook=self.decode))  # type: ignore[misc]
        raise NotImplementedError(f"cannot restore a {kind}")

    def share(self) -> None:
        """Let those that have one x go on with it together."""
        for members in self._by_x.values():
            if len(members) > 1:
                Rows(members)


def _rest(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size - file.tell()


def _read_column(file: BinaryIO, size: int, checksum: int) -> "array[float]":
    column = array("d")
    column.fromfile(file, size // column.itemsize)
    if zlib.crc32(column) != checksum:
        raise EOFError
    return column


def _fields(kind: type[Any]) -> list["dataclasses.Field[Any]"]:
    return [field for field in dataclasses.fields(kind) if not field.metadata.get("derived")]


@functools.cache
def code_checksum() -> int:
    """Names the code that reduces logs: a state that other code has kept may mean something else. Raises OSError."""
    here = Path(__file__).parent
    checksum = 0
    for path in (*sorted(here.glob("*.py")), here.parent / "text.py"):
        checksum = zlib.crc32(path.read_bytes(), checksum)
    return checksum
