"""The epochs of one network: order, steps, metrics, evaluations, saved states. Knows nothing of how a step is made."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import nn

from kdconsole.backend.failures import Diverged
from kdconsole.backend.meters import Meter, Totals
from kdconsole.backend.optim import LearningRate
from kdconsole.backend.requests import Requests
from kdconsole.backend.signals import StopRequested
from kdconsole.backend.sinks import Sink
from kdconsole.backend.step import TrainingStep
from kdconsole.backend.streams import Streams, shuffle_stream
from kdconsole.data.order import batches, epoch_order
from kdconsole.evaluate.accuracy import Accuracy
from kdconsole.recipe.schema import Train
from kdconsole.runs.events import Checkpoint, Epoch, Evaluation, Step
from kdconsole.runs.result import Score


@dataclass
class Progress:
    """How far training is: whole epochs, steps into the next one, steps in all, seconds spent."""

    epoch: int = 0
    epoch_step: int = 0
    step: int = 0
    seconds: float = 0.0


@dataclass
class Scores:
    """The student's scores by split: after the newest evaluated epoch, and at the best one."""

    last: dict[str, dict[str, Any]] = field(default_factory=dict)
    best: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Callbacks:
    """What the trainer asks of its session."""

    evaluate: Callable[[], dict[str, Accuracy]]
    finite: Callable[[], bool]  # whether every weight is a finite number
    save_student: Callable[[str, dict[str, Score]], str]  # role "last" or "best" → path inside the run directory
    save_state: Callable[[dict[str, Any]], str]


class Trainer:
    """Trains one network through the epochs of `train`; resumable between any two steps."""

    def __init__(
        self,
        *,
        train: Train,
        phase: str,
        seed: int,
        images: int,
        device: torch.device,
        step: TrainingStep,
        learning_rate: LearningRate,
        state: dict[str, nn.Module | torch.optim.Optimizer | Streams],
        selected_on: str,
        sink: Sink,
        requests: Requests,
        callbacks: Callbacks,
    ) -> None:
        self.progress = Progress()
        self.scores = Scores()
        self._train = train
        self._phase = phase
        self._seed = seed
        self._images = images
        self._device = device
        self._step = step
        self._learning_rate = learning_rate
        self._state = state
        self._selected_on = selected_on
        self._sink = sink
        self._requests = requests
        self._callbacks = callbacks
        self._interval = Meter()
        self._interval_began = self._counted = time.monotonic()
        self._epoch_totals = Totals()

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "phase": self._phase,
            "progress": asdict(self.progress),
            "scores": asdict(self.scores),
            "epoch_totals": {"sums": self._epoch_totals.sums, "images": self._epoch_totals.images},
            **{name: part.state_dict() for name, part in self._state.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.progress = Progress(**state["progress"])
        self.scores = Scores(**state["scores"])
        self._epoch_totals = Totals(**state["epoch_totals"])
        for name, part in self._state.items():
            part.load_state_dict(state[name])

    def run(self) -> None:
        """Train until the last epoch is done. Raises StopRequested (state saved) or Diverged."""
        while self.progress.epoch < self._train.epochs:
            self._run_epoch()

    def _run_epoch(self) -> None:
        progress = self.progress
        began = self._counted = self._interval_began = time.monotonic()
        order = epoch_order(self._images, shuffle_stream(self._seed, progress.epoch + 1)).to(self._device)
        steps = batches(order, self._train.batch_size)
        for indices in steps[progress.epoch_step :]:
            rate = self._learning_rate.at(progress.step)
            self._interval.add(self._step(indices, rate), len(indices))
            progress.step += 1
            progress.epoch_step += 1
            last = progress.epoch_step == len(steps)
            if last or progress.step % self._train.log_every == 0:
                self._log_interval(rate)
            if not last:
                self._answer_requests(rate)
        self._finish_epoch(time.monotonic() - began)
        self._count_seconds()

    def _count_seconds(self) -> None:
        """Bring the time spent up to now; a saved state must not lose what came after the last whole epoch."""
        now = time.monotonic()
        self.progress.seconds += now - self._counted
        self._counted = now

    def _log_interval(self, rate: float) -> None:
        totals = self._interval.collect()
        now = time.monotonic()
        elapsed, self._interval_began = now - self._interval_began, now
        if not totals.images:
            return
        if not _finite(totals.sums["loss"]):
            wrong = [name for name, value in totals.sums.items() if name.startswith("loss/") and not _finite(value)]
            terms = f" (term{'s' if len(wrong) > 1 else ''} {', '.join(name[5:] for name in wrong)})" if wrong else ""
            raise self._diverged(f"the loss became NaN or infinite by step {self.progress.step}{terms}")
        self._epoch_totals.merge(totals)
        self._sink.append(
            Step(
                phase=self._phase,
                step=self.progress.step,
                epoch=self.progress.epoch + 1,
                epoch_step=self.progress.epoch_step,
                values={**totals.means(), "lr": rate},
                images_per_second=totals.images / elapsed if elapsed > 0 else 0.0,
            )
        )

    def _answer_requests(self, rate: float) -> None:
        if self._requests.stop:
            self._log_interval(rate)
            self._require_finite_weights()
            self._save_state()
            raise self._stopped(self._requests.stop)
        if self._requests.checkpoint:
            self._log_interval(rate)
            self._require_finite_weights()
            self._save_state()
            self._requests.checkpoint = False

    def _finish_epoch(self, seconds: float) -> None:
        progress, train = self.progress, self._train
        progress.epoch += 1
        progress.epoch_step = 0
        final = progress.epoch == train.epochs
        self._sink.append(
            Epoch(
                phase=self._phase,
                step=progress.step,
                epoch=progress.epoch,
                values=self._epoch_totals.means(),
                seconds=seconds,
            )
        )
        self._epoch_totals = Totals()
        if final or progress.epoch % train.evaluate_every == 0:
            self._evaluate()
        leaving = self._requests.stop or self._requests.stop_after_epoch
        if final or leaving or self._requests.checkpoint or progress.epoch % train.checkpoint_every == 0:
            self._require_finite_weights()
            measured = {split: found for split, found in self.scores.last.items() if found["epoch"] == progress.epoch}
            self._saved("last", self._callbacks.save_student("last", _scores(measured)))
            self._save_state()
            self._requests.checkpoint = False
        if leaving and not final:
            raise self._stopped(leaving)

    def _evaluate(self) -> None:
        began = time.monotonic()
        results = self._callbacks.evaluate()
        for split, accuracy in results.items():
            if not _finite(accuracy.loss):
                raise self._diverged(
                    f"the student's loss on {split} is NaN or infinite after epoch {self.progress.epoch}"
                )
        seconds = time.monotonic() - began
        epoch = self.progress.epoch
        for split, accuracy in results.items():
            self._sink.append(
                Evaluation(
                    phase=self._phase,
                    step=self.progress.step,
                    epoch=epoch,
                    subject="student",
                    split=split,
                    top1=accuracy.top1,
                    top5=accuracy.top5,
                    loss=accuracy.loss,
                    images=accuracy.images,
                    seconds=seconds / len(results),
                )
            )
        self.scores.last = {
            split: {"split": split, "epoch": epoch, "top1": found.top1, "top5": found.top5, "loss": found.loss}
            for split, found in results.items()
        }
        best = self.scores.best.get(self._selected_on)
        if best is None or self.scores.last[self._selected_on]["top1"] > best["top1"]:
            self.scores.best = self.scores.last
            self._saved("best", self._callbacks.save_student("best", _scores(self.scores.best)))

    def _require_finite_weights(self) -> None:
        """The loss of a step says nothing of what its update did: broken weights must not replace good ones on disk."""
        if not self._callbacks.finite():
            raise self._diverged(f"weights became NaN or infinite by step {self.progress.step}")

    def _diverged(self, message: str) -> Diverged:
        return Diverged(message, self.progress.step)

    def _save_state(self) -> None:
        self._count_seconds()
        self._saved("resume", self._callbacks.save_state(self.state_dict()))

    def _stopped(self, reason: str) -> StopRequested:
        return StopRequested(reason, self.progress.step, self.progress.epoch)

    def _saved(self, kind: str, path: str) -> None:
        progress = self.progress
        self._sink.append(Checkpoint(phase=self._phase, step=progress.step, epoch=progress.epoch, kind=kind, path=path))


def _finite(value: float) -> bool:
    return value - value == 0.0


def _scores(by_split: dict[str, dict[str, Any]]) -> dict[str, Score]:
    return {split: Score(**values) for split, values in by_split.items()}
