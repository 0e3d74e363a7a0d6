"""Foreign checkpoints → kdconsole's own files: those of RepDistiller, mdistiller, akamaster and their like."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from kdconsole.errors import ExitCode, UserError
from kdconsole.models.fit import conform
from kdconsole.models.foreign import read_foreign, sha256_of
from kdconsole.models.identify import Attempt, attempt, guess_arch
from kdconsole.models.unwrap import unwrap
from kdconsole.models.weight_files import shown
from kdconsole.models.weights import save_state
from kdconsole.models.weights_info import CLAIMED, WeightsInfo, read_info
from kdconsole.recipe.arch import find_arch
from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.dataset_info import DatasetInfo
from kdconsole.recipe.normalise import channel_statistics
from kdconsole.text import printable, suggestion

__all__ = ["ImportReport", "guess_arch", "import_checkpoint"]


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `tensors` counts those used; `ignored` and `filled` name those left aside and those made up.

    `claimed` are accuracies that the file states of itself, in per cent, by their key in the file; nobody measured them
    here. `source_sha256` is the hash of the foreign file.
    """

    path: Path
    arch: str
    classes: int
    channels: int
    dataset: str | None
    tensors: int
    ignored: tuple[str, ...]
    filled: tuple[str, ...]
    notes: tuple[str, ...]
    claimed: dict[str, float]
    source_sha256: str


def import_checkpoint(
    path: Path,
    *,
    arch: str | None,
    dataset: str | None,
    normalise: str | None,
    out: Path,
    overwrite: bool = False,
) -> ImportReport:
    """Read the foreign checkpoint `path` and write `out`, a safetensors file that can be used as a teacher.

    arch: the network; None takes the one that the tensors fit, if there is just one. dataset: what it was trained on,
    which fixes classes and image size; None leaves that open. normalise: whose mean and std its inputs had: a data
    set's, “imagenet” or “none” (left in [0, 1]); None takes the data set's own.

    Every tensor of the network must be in the file and every tensor of the file in the network: otherwise they are
    listed in a UserError and nothing is written. Exceptions: BatchNorm's step counters may be absent, and of a whole
    distiller only the student is taken. Whatever else is wrong with the file or the arguments is a UserError, too. An
    existing `out` is replaced if it came from the same file, else only with `overwrite`.
    """
    if arch is not None:
        find_arch(arch)
    trained_on = DATASETS[dataset] if dataset is not None else None
    if normalise is not None:
        _require_normalisation(normalise)
    content = unwrap(read_foreign(path), path)
    sha256 = sha256_of(path)
    found = _identify(content.state, arch, path)
    _require_same(found, trained_on, path)
    mean, std = _statistics(normalise or dataset, found, path)
    _require_finite(found.state, path)
    notes = [*content.notes, *found.notes, *_conversions(found)]
    if mean is None:
        notes.append("unknown: how its inputs were normalised; name the data set before it is used as a teacher")
    info = WeightsInfo(
        arch=found.arch,
        classes=found.classes,
        channels=found.channels,
        dataset=dataset,
        mean=mean,
        std=std,
        size=trained_on.size if trained_on else None,
        accuracy={CLAIMED + key: value for key, value in content.claimed.items()},
        source=printable(path.name),
        source_sha256=sha256,
    )
    _write(out, found, info, path, overwrite)
    return ImportReport(
        path=out,
        arch=found.arch,
        classes=found.classes,
        channels=found.channels,
        dataset=dataset,
        tensors=len(found.state),
        ignored=tuple(content.ignored),
        filled=found.fit.filled,
        notes=tuple(notes),
        claimed=content.claimed,
        source_sha256=sha256,
    )


def _require_normalisation(name: str) -> None:
    known = [*DATASETS.names(), "imagenet", "none"]
    if name not in known:
        close = suggestion(name, known)
        raise UserError(
            f"unknown normalisation “{printable(name)}”",
            hint=f"did you mean “{close}”?" if close else f"known: {', '.join(known)}",
        )


def _statistics(
    name: str | None, found: Attempt, path: Path
) -> tuple[tuple[float, ...], tuple[float, ...]] | tuple[None, None]:
    """Per-channel mean and standard deviation on images in [0, 1], or twice None when nobody named any."""
    if name is None:
        return None, None
    mean, std = channel_statistics(name, found.channels)
    if len(mean) != found.channels:
        raise UserError(
            f"{shown(path)} takes images of {found.channels} channels, but the normalisation “{name}” has "
            f"constants for {len(mean)}",
            hint="name the data set whose normalisation it was trained with",
        )
    return mean, std


def _identify(state: Mapping[str, Tensor], arch: str | None, path: Path) -> Attempt:
    if arch is not None:
        found = attempt(arch, state)
        if found.fit:
            return found
        fitting = guess_arch(state)
        raise UserError(
            f"{shown(path)} is not {printable(arch)}: {found.fit}",
            hint=f"its tensors are exactly those of {' and '.join(fitting)}: try --arch {fitting[0]}"
            if fitting
            else "they fit no other known network either; was it trained with a changed copy of the network?",
        )
    fitting = guess_arch(state)
    if len(fitting) == 1:
        return attempt(fitting[0], state)
    if fitting:
        raise UserError(
            f"{shown(path)} fits several networks: {', '.join(fitting)}", hint="say which one it is with --arch"
        )
    names = ", ".join(printable(name, 60) for name in list(state)[:4])
    raise UserError(
        f"the {len(state)} tensors of {shown(path)} fit no known network (the first are {names})",
        hint="`kdconsole models` lists the networks; with --arch NAME you see what is missing for one of them",
    )


def _require_same(found: Attempt, trained_on: DatasetInfo | None, path: Path) -> None:
    if trained_on is not None and found.classes != trained_on.classes:
        raise UserError(
            f"{shown(path)} is a network of {found.classes} classes, but {trained_on.name} has {trained_on.classes}",
            hint="name the data set that it was trained on",
        )
    if trained_on is not None and found.channels != trained_on.channels:
        raise UserError(
            f"{shown(path)} takes images of {found.channels} channels, but those of {trained_on.name} have "
            f"{trained_on.channels}",
            hint="name the data set that it was trained on",
        )


def _require_finite(state: Mapping[str, Tensor], path: Path) -> None:
    # After the conversion, because a float64 value can be too large for float32.
    broken = [
        name
        for name, tensor in state.items()
        if tensor.is_floating_point() and not torch.isfinite(tensor.float()).all()
    ]
    if broken:
        raise UserError(
            f"{shown(path)} holds numbers that are not finite, in {printable(broken[0])}"
            + (f" and {len(broken) - 1} more tensors" if len(broken) > 1 else ""),
            hint="its training diverged or the file is damaged; take an earlier checkpoint",
        )


def _conversions(found: Attempt) -> list[str]:
    """A note per kind of number that the file has and the zoo has not."""
    counts: dict[str, int] = {}
    for name, tensor in found.state.items():
        expected = found.expected[name].dtype
        if tensor.dtype != expected:
            change = f"{tensor.dtype} became {expected}".replace("torch.", "")
            counts[change] = counts.get(change, 0) + 1
    return [f"{change} in {count} tensors" for change, count in counts.items()]


def _write(out: Path, found: Attempt, info: WeightsInfo, source: Path, overwrite: bool) -> None:
    try:
        if out.exists():
            if out.samefile(source):
                raise UserError(f"{shown(out)} is the file to be imported", hint="write to another file")
            if not overwrite and not _came_from(out, info.source_sha256):
                raise UserError(
                    f"{shown(out)} exists and was not made from this file",
                    hint="choose another name with --out, or replace it with --overwrite",
                )
        out.parent.mkdir(parents=True, exist_ok=True)
        save_state(out, conform(found.expected, found.state), info)
    except OSError as error:
        raise UserError(
            f"cannot write {shown(out)}: {error.strerror}",
            hint="mend the folder or the disk, then import again",
            exit_code=ExitCode.RETRY,
        ) from None


def _came_from(out: Path, sha256: str) -> bool:
    try:
        return read_info(out).source_sha256 == sha256
    except UserError:
        return False
