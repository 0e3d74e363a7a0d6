"""The few tensor types that models, methods, views and the backend agree on.

Models, methods, views and data do not import each other; they meet here.
"""

from typing import NamedTuple

from torch import Tensor


class Output(NamedTuple):
    """What every network returns for a batch of B images.

    logits: (B, C). pooled: (B, D), the vector that enters the classifier. stages: the feature maps (B, Ci, Hi, Wi) after
    each stage, shallow to deep, the stem's output first. preacts: the same maps before their last ReLU (for a
    pre-activation network: after the next BatchNorm, before its ReLU); the stem's entry equals `stages[0]`.
    """

    logits: Tensor
    pooled: Tensor
    stages: tuple[Tensor, ...]
    preacts: tuple[Tensor, ...]


class OutputShape(NamedTuple):
    """The shapes of one image's `Output`, batch dimension dropped; read from a dry forward pass."""

    classes: int
    pooled: int
    stages: tuple[tuple[int, ...], ...]
    preacts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, output: Output) -> "OutputShape":
        return cls(
            classes=output.logits.shape[1],
            pooled=output.pooled.shape[1],
            stages=tuple(tuple(stage.shape[1:]) for stage in output.stages),
            preacts=tuple(tuple(preact.shape[1:]) for preact in output.preacts),
        )


class Batch(NamedTuple):
    """What a method may know of the batch besides the two outputs.

    labels: (B,) int64 class indices. indices: (B,) int64 positions in the training set (memory banks).
    """

    labels: Tensor
    indices: Tensor
