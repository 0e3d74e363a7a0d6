"""Fetch files from the network so that nothing half-written can pass for good."""

import contextlib
import shutil
import socket
import sys
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_SILENCE_S = 30.0


def download(urls: Sequence[str], folder: Path, filename: str, md5: str) -> Path:
    """Fetch one file from the first of `urls` that delivers it with the right MD5; the path of the file in `folder`.

    Raises the last address's error (OSError or RuntimeError) when none does.
    """
    # Imported here: torchvision takes a second to load, and only a download needs it.
    from torchvision.datasets.utils import download_url

    failure: Exception | None = None
    for url in urls:
        try:
            with _bounded_silence(), contextlib.redirect_stdout(sys.stderr):  # torchvision prints; stdout is for data
                download_url(url, folder, filename, md5)
        except (OSError, RuntimeError) as error:
            failure = error
        else:
            return folder / filename
    raise failure or ValueError("no address to download from")


@contextlib.contextmanager
def _bounded_silence() -> Iterator[None]:
    """Let a connection that delivers nothing fail after a while; torchvision sets no timeout of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def extract_files(archive: tarfile.TarFile, names: Iterable[str], folder: Path) -> None:
    """Copy the regular files `names` out of `archive` to the same paths below `folder`.

    Only content is taken from the archive: paths, links, owners and modes in it have no effect. KeyError when one is
    missing.
    """
    for name in names:
        member = archive.extractfile(name)
        if member is None:
            raise tarfile.ReadError(f"{name} is no regular file")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with member, target.open("wb") as out:
            shutil.copyfileobj(member, out)
