"""Following a file of lines that another process appends to."""

import os
from pathlib import Path

_BLOCK = 1 << 20
_HEAD = 128  # bytes at the start of the file by which a replaced file is told even if it has the old one's inode


class LineTail:
    """Complete lines of a growing file, each handed out once.

    The position is always the start of a line: an incomplete last line is read again later, so a writer may also cut it
    off. `restarted` is True when the latest `read` found another or a shorter file and began at its start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.restarted = False
        self._position = 0
        self._seen: tuple[int, int, int] | None = None  # device, inode, size at the latest read
        self._head = b""

    def read(self, limit: int | None = None) -> list[bytes]:
        """New complete lines, newline removed, at most `limit`. An absent file has none.

        Raises OSError when the file exists and cannot be read.
        """
        self.restarted = False
        try:
            status = self.path.stat()
            now = (status.st_dev, status.st_ino, status.st_size)
            if now == self._seen:
                return []
            with self.path.open("rb", buffering=0) as file:
                return self._read(file.fileno(), limit)
        except FileNotFoundError:
            self._restart()
            return []

    def _read(self, file: int, limit: int | None) -> list[bytes]:
        status = os.fstat(file)
        head = os.pread(file, _HEAD, 0)
        previous = self._seen
        another = previous is not None and previous[:2] != (status.st_dev, status.st_ino)
        changed = status.st_size < self._position or not head.startswith(self._head[: self._position])
        if another or changed:
            self._restart()
        self._head = head
        lines: list[bytes] = []
        rest = b""  # the beginning of a line whose end lies in a later block
        offset = self._position
        while block := os.pread(file, _BLOCK, offset):
            offset += len(block)
            complete, newline, tail = block.rpartition(b"\n")
            if not newline:
                rest += block
                continue
            new = (rest + complete).split(b"\n")
            rest = tail
            if limit is not None and len(lines) + len(new) > limit:
                new = new[: limit - len(lines)]
                self._position += sum(len(line) + 1 for line in new)
                self._seen = (status.st_dev, status.st_ino, -1)  # there is more: the next read must look
                return lines + new
            lines += new
            self._position = offset - len(rest)
        self._seen = (status.st_dev, status.st_ino, offset)
        return lines

    def _restart(self) -> None:
        self.restarted = self._position > 0
        self._position = 0
        self._seen = None
        self._head = b""
