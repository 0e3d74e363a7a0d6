"""One training step: views, both forward passes, the objective, backward, the optimiser. No host sync."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from kdconsole.augment.two_views import TwoViews
from kdconsole.backend.device import forward_precision
from kdconsole.backend.objective import Objective
from kdconsole.backend.streams import Streams
from kdconsole.contracts import Batch, Output


class ImageSource(Protocol):
    """Resident images: a batch by its positions."""

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]: ...


class Seen(NamedTuple):
    """A network and how its input is normalised."""

    network: nn.Module
    normalise: nn.Module


class TrainingStep:
    """The step of one run. Calling it with the positions of a batch updates the student and the objective's own parts."""

    def __init__(
        self,
        images: ImageSource,
        views: TwoViews,
        student: Seen,
        teacher: Seen | None,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        streams: Streams,
        device: torch.device,
        precision: str,
        gradient_clip: float | None,
    ) -> None:
        self._images = images
        self._views = views
        self._student = student
        self._teacher = teacher
        self._objective = objective
        self._optimizer = optimizer
        self._streams = streams
        self._device = device
        self._precision = precision
        self._gradient_clip = gradient_clip
        self._weights = [weight for group in optimizer.param_groups for weight in group["params"]]

    def __call__(self, indices: Tensor, learning_rate: float) -> dict[str, Tensor]:
        """Train on the images at `indices` (B,); returns the batch's metrics as 0-dimensional tensors on the device."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        pixels, labels = self._images.batch(indices)
        teacher_view, student_view = self._views(pixels, self._streams.teacher_view, self._streams.student_view)
        student_input = self._student.normalise(student_view)
        teacher = self._teach(teacher_view, student_view, student_input)
        with forward_precision(self._device, self._precision):
            student = _float(self._student.network(student_input))
        loss, terms = self._objective(student, teacher, Batch(labels, indices))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self._gradient_clip is not None:
            nn.utils.clip_grad_norm_(self._weights, self._gradient_clip)
        self._optimizer.step()
        return self._metrics(loss, terms, student, teacher, labels)

    def _teach(self, teacher_view: Tensor, student_view: Tensor, student_input: Tensor) -> Output | None:
        if self._teacher is None:
            return None
        same_input = teacher_view is student_view and self._teacher.normalise is self._student.normalise
        # no_grad, not inference mode: losses save the teacher's tensors for backward, which inference tensors refuse
        with torch.no_grad(), forward_precision(self._device, self._precision):
            return _float(self._teacher.network(student_input if same_input else self._teacher.normalise(teacher_view)))

    def _metrics(
        self, loss: Tensor, terms: dict[str, Tensor], student: Output, teacher: Output | None, labels: Tensor
    ) -> dict[str, Tensor]:
        with torch.no_grad():
            predicted = student.logits.argmax(dim=1)
            values = {"loss": loss, **{f"loss/{label}": value for label, value in terms.items()}}
            values["train/top1"] = predicted.eq(labels).float().mean() * 100
            if teacher is not None:
                values["train/agreement"] = predicted.eq(teacher.logits.argmax(dim=1)).float().mean() * 100
        return values


def _float(output: Output) -> Output:
    """Half-precision outputs as float32: the objective is computed in full precision whatever the networks use."""
    if output.logits.dtype not in (torch.bfloat16, torch.float16):
        return output
    return Output(
        output.logits.float(),
        output.pooled.float(),
        tuple(stage.float() for stage in output.stages),
        tuple(preact.float() for preact in output.preacts),
    )
