"""The objective: the weighted sum of the recipe's terms."""

from collections.abc import Sequence

from torch import Tensor, nn

from kdconsole.contracts import Batch, Output, OutputShape
from kdconsole.methods.base import build_method
from kdconsole.recipe.params import MethodParams


class Objective(nn.Module):
    """Terms with labels and weights. Holds the terms' trainable extras and memories."""

    def __init__(
        self,
        terms: Sequence[MethodParams],
        labels: Sequence[str],
        student: OutputShape,
        teacher: OutputShape | None,
    ) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.weights = tuple(term.weight for term in terms)
        self.terms = nn.ModuleList(build_method(term, student, teacher) for term in terms)

    def forward(self, student: Output, teacher: Output | None, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The scalar to minimise, and each term's own value before its weight."""
        values = [term(student, teacher, batch) for term in self.terms]
        total = sum(
            (weight * value for weight, value in zip(self.weights, values, strict=True)), values[0].new_zeros(())
        )
        return total, dict(zip(self.labels, values, strict=True))
