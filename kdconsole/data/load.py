"""Load one split of a data set: find its files, fetch them when allowed, and check what was read."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from tarfile import TarError
from zlib import error as ZlibError

import numpy as np
import torch
from numpy.typing import NDArray
from platformdirs import user_cache_dir

from kdconsole.data.images import Images, Split
from kdconsole.data.source import SOURCES, Source
from kdconsole.errors import ExitCode, UserError
from kdconsole.files import write_atomically
from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.dataset_info import DatasetInfo
from kdconsole.text import printable

ROOT_VARIABLE = "KDCONSOLE_DATA"


def default_root() -> Path:
    """Where data sets lie when a recipe names no root: $KDCONSOLE_DATA, else `data` in the user's cache folder."""
    named = os.environ.get(ROOT_VARIABLE)
    return Path(named).expanduser() if named else Path(user_cache_dir("kdconsole")) / "data"


def load_split(name: str, split: Split, *, root: Path, download: bool) -> Images:
    """One official split of the data set `name`, from the files below `root`; only the files of this split are needed.

    With `download`, files that are missing are fetched first; files that are there are never replaced. A file with the
    right structure and another checksum than the official one is read, and `notes` says so.

    Raises UserError: unknown data set; files absent (and `download` off); download failed (exit code RETRY); a file
    that is damaged, hostile, or of another shape than the data set's.
    """
    info = DATASETS[name]
    source = SOURCES[name]
    root = root.expanduser()
    try:
        missing = _missing(root, source.required(split))
        if missing and download:
            _fetch_into(root, source, missing)
            missing = _missing(root, source.required(split))
        if missing:
            raise _absent(info, split, root, missing, source)
        pixels, labels = source.read(root, split)
        _check(info, split, root, pixels, labels)
        notes = _checksum_notes(root, source.required(split))
    except OSError as error:
        raise UserError(
            f"cannot read {name} in {printable(str(root))}: {printable(error.strerror or str(error))}",
            hint="data.root names the folder that holds data sets",
        ) from error
    return Images(
        torch.from_numpy(np.array(pixels, np.uint8, order="C")), torch.from_numpy(np.array(labels, np.int64)), notes
    )


def _missing(root: Path, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if not (root / path).is_file()]


def _absent(info: DatasetInfo, split: Split, root: Path, missing: list[str], source: Source) -> UserError:
    where = printable(str(root))
    known = {*source.required("train"), *source.required("test")}
    found = "is not complete" if len(_missing(root, known)) < len(known) else "is not"
    return UserError(
        f"the {split} split of {info.name} {found} in {where}; missing: {', '.join(missing)}",
        hint="data.download = true fetches it; "
        f"data.root (or ${ROOT_VARIABLE}) names another folder that holds {missing[0]}",
    )


def _fetch_into(root: Path, source: Source, missing: list[str]) -> None:
    """Fetch the data set into a folder of its own below `root` and move what is missing into place, file by file."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f".{source.name}-") as folder:
            source.fetch(Path(folder))
            known = [*source.required("train"), *source.required("test")]
            for path in _missing(root, known):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                _move(Path(folder) / path, root / path)
    except (OSError, RuntimeError, EOFError, KeyError, TarError, ZlibError, HTTPException) as error:
        raise _download_failure(root, source, missing, error) from error


def _move(fetched: Path, target: Path) -> None:
    def rename(temporary: Path) -> None:
        fetched.replace(temporary)

    write_atomically(target, rename)


def _download_failure(root: Path, source: Source, missing: list[str], error: Exception) -> UserError:
    where = printable(str(root))
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOSPC:
        reason, hint = "the disk is full", "make room, or name a folder on another disk: data.root"
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return UserError(
            f"{source.name} cannot be stored in {where}: {os.strerror(number or 0)}",
            hint="name another folder: data.root",
        )
    else:
        reason = printable(str(getattr(error, "reason", None) or error)) or type(error).__name__
        hint = f"check the network, or copy the files into {where} by hand: {', '.join(missing)}"
    return UserError(f"{source.name} could not be downloaded to {where}: {reason}", hint=hint, exit_code=ExitCode.RETRY)


def _check(info: DatasetInfo, split: Split, root: Path, pixels: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Raise UserError unless images and labels have the data set's declared numbers, sizes and classes."""
    where = f"{info.name} ({split} split) in {printable(str(root))}"
    count = info.train if split == "train" else info.test
    shape = (count, info.channels, *info.size)
    if pixels.shape != shape:
        raise UserError(f"{where} has images of shape {pixels.shape}, expected {shape}", hint=_RESTORE)
    if labels.shape != (count,):
        raise UserError(f"{where} has {labels.size:,} labels for {count:,} images", hint=_RESTORE)
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= info.classes:
        raise UserError(f"{where} has labels from {low} to {high}, expected 0 to {info.classes - 1}", hint=_RESTORE)


_RESTORE = "these are not the official files: delete them and set data.download = true, or restore them"


def _checksum_notes(root: Path, required: dict[str, str | None]) -> tuple[str, ...]:
    """Remarks on files that are well-formed but not the official bytes; re-packed ones are legitimate."""
    other = [path for path, md5 in required.items() if md5 is not None and _md5(root / path) != md5]
    if not other:
        return ()
    return (f"checksum differs from torchvision's (re-packed?): {', '.join(other)}",)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
