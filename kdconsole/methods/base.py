"""The contract of a distillation objective."""

import importlib

from torch import Tensor, nn

from kdconsole.contracts import Batch, Output, OutputShape
from kdconsole.recipe.params import MethodParams


class Method(nn.Module):
    """One term of the objective.

    It owns its trainable extras (the optimiser collects its parameters) and its memory (buffers; the checkpoint keeps
    them). `forward` returns a scalar for one batch, before the recipe's weight; gradients reach the student's outputs and
    the term's own parameters, never the teacher, whose outputs arrive without gradient. It must not wait for the device.
    """

    def forward(self, student: Output, teacher: Output | None, batch: Batch) -> Tensor:
        raise NotImplementedError


def build_method(params: MethodParams, student: OutputShape, teacher: OutputShape | None) -> Method:
    """The objective that `params` describe, from `kdconsole/methods/<name>.py`, sized for the two networks."""
    module = importlib.import_module(f"kdconsole.methods.{params.name}")
    method: Method = module.build(params, student, teacher)
    return method


def require(teacher: Output | None) -> Output:
    """The teacher's output, for terms that cannot do without (the recipe's rules guarantee it)."""
    if teacher is None:
        raise ValueError("this objective needs a teacher")
    return teacher
