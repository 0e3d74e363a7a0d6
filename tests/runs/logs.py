"""Small, exact event logs for tests."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from kdconsole.runs.events import (
    AnyEvent,
    Checkpoint,
    Epoch,
    Evaluation,
    Finished,
    Phase,
    Started,
    Step,
    encode,
)
from kdconsole.runs.layout import RunFolder
from kdconsole.runs.log import EventTail
from kdconsole.runs.result import Result, Score
from kdconsole.runs.timeline import Timeline

FACTS = {
    "name": "kd", "dataset": "digits", "teacher": "resnet20", "student": "resnet8", "method": "kd", "augment": "crop",
}  # fmt: skip
STEPS = 10  # per epoch


def started(*, seed: int = 0, t: float = 1000.0, **changes: object) -> Started:
    plain = {"run": "r", "recipe_hash": "h", "pid": 1, "host": "here", "device": "cpu", "seed": seed, "facts": FACTS}
    return Started(t=t, **(plain | changes))  # type: ignore[arg-type]


def epochs_of(phase: str, epochs: int, *, first: int = 1, t: float = 1000.0) -> Iterator[AnyEvent]:
    """Training in `phase`, one Step event every 2 steps, one second a step. Values depend on nothing but the step."""
    for epoch in range(first, epochs + 1):
        for inner in range(2, STEPS + 1, 2):
            step = (epoch - 1) * STEPS + inner
            values = {"loss": 4.0 / step, "loss/kd": None if step == 14 else 2.0 / step}
            yield Step(
                t=t + step, phase=phase, step=step, epoch=epoch, epoch_step=inner, values=values,
                images_per_second=64.0,
            )  # fmt: skip
        step = epoch * STEPS
        yield Epoch(t=t + step, phase=phase, step=step, epoch=epoch, values={"loss": 4.0 / step}, seconds=10.0)
        for split, top1 in (("test", 50.0 + epoch), ("validation", 60.0 - abs(epoch - 2))):
            yield Evaluation(
                t=t + step, phase=phase, step=step, epoch=epoch, subject="student", split=split, top1=top1, loss=0.5,
                images=100,
            )  # fmt: skip
        yield Checkpoint(t=t + step, phase=phase, step=step, epoch=epoch, kind="resume", path="resume/state")


def run_log(epochs: int = 3, *, seed: int = 0, t: float = 1000.0) -> list[AnyEvent]:
    """A run with a trained teacher, up to the last epoch, without a last word."""
    return [
        started(seed=seed, t=t),
        Phase(t=t, phase="teacher", index=1, total=2, epochs=2, steps=2 * STEPS),
        *(e for e in epochs_of("teacher", 2, t=t) if not isinstance(e, Evaluation | Checkpoint)),
        Evaluation(
            t=t + 20, phase="teacher", step=20, epoch=2, subject="teacher", split="test", top1=80.0, loss=None, images=9
        ),
        *distill(epochs, t=t + 20),
    ]


def distill(epochs: int = 3, *, t: float = 1020.0) -> list[AnyEvent]:
    teacher = Evaluation(
        t=t, phase="distill", step=0, epoch=0, subject="teacher", split="test", top1=80.0, loss=0.1, images=9
    )
    return [_phase(t), teacher, *epochs_of("distill", epochs, t=t)]


def resumed_at(step: int, epochs: int = 3, *, t: float = 2000.0) -> list[AnyEvent]:
    """What a run killed in "distill" writes when it goes on from its state at the end of an epoch."""
    rest = epochs_of("distill", epochs, first=step // STEPS + 1, t=t)
    teacher = distill(0, t=t)[1]
    return [started(t=t, phase="distill", step=step, resumed=True), _phase(t), teacher, *rest]


def _phase(t: float) -> Phase:
    return Phase(t=t, phase="distill", index=2, total=2, epochs=3, steps=3 * STEPS)


def finished(top1: float = 53.0, *, seed: int = 0, t: float = 3000.0, **changes: object) -> Finished:
    scores = {"test": Score(split="test", epoch=3, top1=top1)}
    plain = {
        "run": "r", "seed": seed, "recipe_hash": "h", "facts": FACTS, "epochs": 3, "steps": 30, "seconds": 30.0,
        "selected_on": "test", "last": scores, "best": scores,
    }  # fmt: skip
    return Finished(t=t, step=30, result=Result(**(plain | changes)))  # type: ignore[arg-type]


def write_log(folder: RunFolder | Path, events: list[AnyEvent]) -> RunFolder:
    """A run folder whose whole log is `events`."""
    folder = folder if isinstance(folder, RunFolder) else RunFolder(folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.events.write_bytes(b"".join(encode(event) for event in events))
    return folder


def read_events(path: Path) -> list[AnyEvent]:
    """All complete, known events of a log; none when there is no file."""
    return EventTail(path).read()


def timeline_of(events: Iterable[AnyEvent], path: Path) -> Timeline:
    """Of a log at `path` that holds `events`."""
    path.write_bytes(b"".join(map(encode, events)))
    return Timeline(path)
