"""The benchmark of one recipe."""

import resource
import statistics
import tempfile
from pathlib import Path

import torch

from kdconsole.backend.assembly import Assembly, assemble
from kdconsole.backend.device import describe_device, prepare_device
from kdconsole.backend.meters import Meter
from kdconsole.backend.splits import Splits, load_splits
from kdconsole.backend.teacher import ReadyTeacher, load_teacher
from kdconsole.bench.bare import bare_step
from kdconsole.bench.clock import interleaved, median_ratio, timed
from kdconsole.bench.parts import time_parts
from kdconsole.bench.reference import reference_step
from kdconsole.bench.report import Report
from kdconsole.data.images import Images
from kdconsole.data.order import batches
from kdconsole.data.resident import Resident
from kdconsole.errors import UserError
from kdconsole.models.zoo import build
from kdconsole.recipe.catalogue import DATASETS
from kdconsole.recipe.normalise import channel_statistics
from kdconsole.recipe.schema import Recipe
from kdconsole.runs.events import Step
from kdconsole.runs.log import EventWriter

_MADE_UP = 2048  # images, when the data set is absent
_LOGGED_STEPS = 200


def bench(recipe: Recipe, rounds: int, warmup: int, profile: Path | None = None) -> Report:
    """Measure `recipe`'s real step against the bare step and the reference loop, interleaved in this process.

    Weights do not change what a step costs: a teacher that is not there yet is one with random weights.
    """
    device = prepare_device(recipe.train)
    splits, images = _splits(recipe, device)
    assembly = assemble(recipe, device, splits, _teacher(recipe, device))
    feed = _batches(assembly, rounds + warmup)
    rate = assembly.learning_rate.at(0)
    upcoming = iter(feed)
    plain = torch.contiguous_format
    seconds = interleaved(
        {
            "whole": lambda: assembly.step(next(upcoming), rate),
            "bare": bare_step(assembly, assembly.seen_student.layout, recipe.train.precision),
            "plain": bare_step(assembly, plain, "fp32"),
            "reference": reference_step(assembly),
        },
        device,
        rounds,
        warmup,
    )
    parts = time_parts(assembly, feed[: max(3, rounds)], rate)
    step = statistics.median(seconds["whole"])
    if profile is not None:
        _write_profile(assembly, feed[:3], rate, profile)
    whole = sum(time for part, time in parts.items() if not part.startswith(" "))
    return Report(
        recipe=recipe.name,
        device=describe_device(device),
        precision=recipe.train.precision,
        batch_size=recipe.train.batch_size,
        rounds=rounds,
        images=images,
        step_ms=1e3 * step,
        images_per_second=recipe.train.batch_size / step,
        parts_ms={part: 1e3 * time for part, time in parts.items()},
        bare_ms=1e3 * statistics.median(seconds["bare"]),
        to_bare=median_ratio(seconds["whole"], seconds["bare"]),
        to_plain=median_ratio(seconds["whole"], seconds["plain"]),
        plain_ms=1e3 * statistics.median(seconds["plain"]),
        reference_ms=1e3 * statistics.median(seconds["reference"]),
        speedup_over_reference=median_ratio(seconds["reference"], seconds["whole"]),
        evaluation_images_per_second=_evaluation_speed(assembly),
        logging_share=100 * _logging_seconds(assembly, feed[0], rate) / step,
        peak_memory_mib=_peak_memory(device),
        objective_share=100 * parts["objective"] / whole,
    )


def _splits(recipe: Recipe, device: torch.device) -> tuple[Splits, str]:
    try:
        splits = load_splits(recipe.data.model_copy(update={"download": False}), device)
        return splits, f"{len(splits.train):,} images of {recipe.data.dataset}"
    except UserError:
        made_up = Resident(_made_up(recipe), device)
        return Splits(made_up, {"test": made_up}, "test", ()), f"made-up images in the shape of {recipe.data.dataset}"


def _made_up(recipe: Recipe) -> Images:
    info = DATASETS[recipe.data.dataset]
    draw = torch.Generator().manual_seed(0)
    count = max(_MADE_UP, recipe.train.batch_size)
    pixels = torch.randint(0, 256, (count, info.channels, *info.size), dtype=torch.uint8, generator=draw)
    return Images(pixels, torch.randint(0, info.classes, (count,), generator=draw))


def _teacher(recipe: Recipe, device: torch.device) -> ReadyTeacher | None:
    teacher = recipe.teacher
    if teacher is None:
        return None
    if teacher.weights is not None:
        return load_teacher(Path(teacher.weights), teacher, recipe, device)
    info = DATASETS[recipe.data.dataset]
    network = build(teacher.arch, classes=info.classes, channels=info.channels).to(device).eval().requires_grad_(False)
    mean, std = channel_statistics(teacher.normalize or recipe.data.normalize, info.channels)
    return ReadyTeacher(network, mean, std, Path())


def _batches(assembly: Assembly, count: int) -> list[torch.Tensor]:
    """Whole batches only: the reference loop meets its partial batch at other moments."""
    images, size = len(assembly.splits.train), assembly.recipe.train.batch_size
    order = torch.randperm(images, generator=torch.Generator().manual_seed(0)).to(assembly.device)
    whole = [batch for batch in batches(order, size) if len(batch) == size]
    return [whole[number % len(whole)] for number in range(count)]


def _evaluation_speed(assembly: Assembly) -> float:
    images = sum(len(split) for split in assembly.splits.held_out.values())
    return images / timed(assembly.measure_student, assembly.device)


def _logging_seconds(assembly: Assembly, batch: torch.Tensor, rate: float) -> float:
    """Seconds a step spends on accumulating its metrics and, once an interval, writing them to a real log."""
    values = assembly.step(batch, rate)
    every = assembly.recipe.train.log_every
    meter = Meter()

    def log() -> None:
        for number in range(1, _LOGGED_STEPS + 1):
            meter.add(values, len(batch))
            if number % every == 0:
                means = meter.collect().means()
                events.append(Step(phase="distill", step=number, epoch=1, epoch_step=number, values=means))

    with tempfile.TemporaryDirectory() as folder, EventWriter(Path(folder) / "events.jsonl") as events:
        return timed(log, assembly.device) / _LOGGED_STEPS


def _peak_memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write_profile(assembly: Assembly, feed: list[torch.Tensor], rate: float, path: Path) -> None:
    """A trace that Perfetto and chrome://tracing open."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if assembly.device.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profiler:
        for indices in feed:
            assembly.step(indices, rate)
    profiler.export_chrome_trace(str(path))
