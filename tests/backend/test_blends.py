"""Blended views in the real step: what both networks see, what the objective and the metrics make of the labels."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from kdconsole.backend.assembly import Assembly
from kdconsole.backend.step import Seen
from kdconsole.contracts import Batch, Output
from kdconsole.recipe.load import build_recipe
from kdconsole.recipe.source import source_from_text
from tests.backend.assemblies import assembly_of
from tests.backend.test_modes import losses

_RECIPE = """
method = ["ce", "kd"]
augment = ["crop", $VIEW]
data = { dataset = "digits", fraction = 0.187 }
student = "wrn_10_1"
teacher = { arch = "resnet8", train = {} }
train = { device = "$DEVICE", batch_size = 32, epochs = 10, optimizer = "lion" }
"""


def assembly_with(view: str, device: str = "cpu", notes: list[str] | None = None) -> Assembly:
    text = _RECIPE.replace("$VIEW", view).replace("$DEVICE", device)
    return assembly_of(build_recipe(source_from_text(text, Path("r.toml"))), notes)


class Witness:
    """Keeps what the objective was called with."""

    warming = False

    def __init__(self, objective: Any) -> None:
        self.objective = objective
        self.calls: list[tuple[Output, Batch]] = []

    def __call__(self, student: Output, teacher: Output, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        self.calls.append((student, batch))
        value: tuple[Tensor, dict[str, Tensor]] = self.objective(student, teacher, batch)
        return value


def one_step(view: str) -> tuple[Output, Batch, dict[str, float]]:
    assembly = assembly_with(view)
    witness = Witness(assembly.objective)
    assembly.step._objective = witness
    (raw,) = assembly.splits.train.batches(torch.arange(32), 32)
    assembly.step(raw, 0.01)
    ((student, batch),) = witness.calls
    return student, batch, assembly.step.meter.hand_over().totals().means()


@pytest.mark.parametrize("view", ['"mixup"', '"cutmix"', '"mixup_or_cutmix"'])
def test_the_objective_hears_of_the_blend_and_the_metrics_count_the_larger_share(view: str) -> None:
    student, batch, values = one_step(view)
    assert batch.blend is not None
    right = student.logits.argmax(dim=1).eq(batch.main_labels).float().mean()
    assert values["train/top1"] == pytest.approx(100 * right.item(), abs=1e-4)
    log = torch.log_softmax(student.logits.detach(), dim=1)
    own, partner = (
        -log.gather(1, labels[:, None])[:, 0] for labels in (batch.labels, batch.labels[batch.blend.partner])
    )
    share = batch.blend.share
    assert values["loss/ce"] == pytest.approx((share * own + (1 - share) * partner).mean().item(), rel=1e-5)


def test_without_a_blend_there_is_none() -> None:
    assert one_step('"blur"')[1].blend is None


def test_both_networks_see_the_same_blend() -> None:
    assembly = assembly_with('"mixup"')
    of_teacher, of_student, blend = assembly.step.view(assembly.step.gather((torch.arange(32),)).images)
    assert blend is not None and assembly.seen_teacher is not None
    shown = [
        _before_normalisation(seen, images)
        for seen, images in ((assembly.seen_teacher, of_teacher), (assembly.seen_student, of_student))
    ]
    torch.testing.assert_close(*shown, atol=1e-5, rtol=0)


def _before_normalisation(seen: Seen, images: Tensor) -> Tensor:
    black, white = (seen.normalise(torch.full((1, 1, 1, 1), level)) for level in (0.0, 1.0))
    return (images - black) / (white - black)


def test_a_blended_step_learns() -> None:
    plain = losses(assembly_with('"mixup_or_cutmix"'))
    assert sum(plain[-5:]) < sum(plain[:5])
