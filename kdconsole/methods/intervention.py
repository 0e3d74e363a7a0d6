"""CID's intervention (CID eq. 4-8), details as in the authors' released code."""

import torch
from torch import Tensor
from torch.nn import functional

from kdconsole.contracts import Batch, Output, Setup
from kdconsole.methods.base import Method, require
from kdconsole.predictors import ContextPredictor, Predictor
from kdconsole.recipe.methods.intervention import Intervention

_TOO_FEW = 1e-12  # a class whose weights sum to less was absent


class InterventionLoss(Method):
    """−log softmax(G([h ; a · centres]))[label], averaged over the batch; 0 in the warm-up, in which G is not trained.

    h: the student's pooled features (B, D). a: the student's own softened prediction (B, C), without gradient. centres
    (C, D): each class's mean of h over the former epoch, weighted by the teacher's softened probability of the image's
    label. They are collected from the warm-up's last epoch on; a class that an epoch lacks keeps its centre. With
    `prior` = "frequency" each is multiplied by its class's share of the training images.
    """

    sums: Tensor
    shares: Tensor
    prior: Tensor

    def __init__(self, params: Intervention, setup: Setup) -> None:
        super().__init__()
        features, classes = setup.student.pooled, setup.student.classes
        self.warm_up_epochs = params.warm_up(setup.epochs)
        self.temperature = params.temperature
        self.momentum = params.momentum
        self.context = ContextPredictor(features, classes, params.temperature)
        self.register_buffer("sums", torch.zeros(classes, features))
        self.register_buffer("shares", torch.zeros(classes))
        counts = setup.labels.bincount(minlength=classes)
        prior = counts / len(setup.labels) if params.prior == "frequency" else torch.ones_like(counts)
        self.register_buffer("prior", prior.float()[:, None], persistent=False)  # it follows from the data
        self._epoch = 0

    def begin_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    @property
    def _warming(self) -> bool:
        return self._epoch <= self.warm_up_epochs

    def forward(self, student: Output, teacher: Output | None, batch: Batch) -> Tensor:
        with torch.no_grad():
            self._collect(student.pooled, require(teacher).logits, batch.labels)
        if self._warming:
            return student.logits.new_zeros(())
        return functional.cross_entropy(self.context(student), batch.labels)

    def end_epoch(self) -> None:
        with torch.no_grad():
            if self._epoch >= self.warm_up_epochs:
                fresh = self.prior * self.sums / self.shares.clamp(min=_TOO_FEW)[:, None]
                # the first centres have no former ones to keep a share of
                kept = 0.0 if self._epoch == self.warm_up_epochs else self.momentum
                blended = kept * self.context.centres + (1 - kept) * fresh
                seen = (self.shares > _TOO_FEW)[:, None]
                self.context.centres.copy_(torch.where(seen, blended, self.context.centres))
            self.sums.zero_()
            self.shares.zero_()

    def predictor(self) -> Predictor | None:
        return None if self._warming else self.context

    def _collect(self, features: Tensor, teacher_logits: Tensor, labels: Tensor) -> None:
        probabilities = functional.softmax(teacher_logits / self.temperature, dim=1)
        # a product with a one-hot table adds up in a fixed order, which scattered additions on a GPU do not
        of_class = labels[:, None] == torch.arange(len(self.shares), device=labels.device)
        belongs = of_class.to(features.dtype) * probabilities
        self.sums.add_(belongs.T @ features)
        self.shares.add_(belongs.sum(dim=0))


def build(params: Intervention, setup: Setup) -> InterventionLoss:
    return InterventionLoss(params, setup)
