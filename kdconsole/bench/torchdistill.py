"""A training step as torchdistill (Matsubara 2021) makes it: the second yardstick of the benchmark.

The package is an optional extra. Its loader, box, criterion and logger work here as in its example for image
classification and its configuration for CIFAR-100. Networks, images and the weights of the loss are those of the
reference loop, the optimiser is the one that the recipe names, so that what differs is the library.
"""

import copy
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, RandomSampler

from kdconsole.backend.assembly import Assembly
from kdconsole.bench.reference import WORKERS, PilImages, start_workers
from kdconsole.errors import ExitCode, UserError
from kdconsole.recipe.params import NamedParams
from kdconsole.recipe.schema import Train

LOG_EVERY = 100  # steps; its configurations for CIFAR say so
# it names them as PyTorch does, and has neither DOT nor Lion
_OPTIMIZERS = {"sgd": "SGD", "dot": "SGD", "adam": "Adam", "adamw": "AdamW", "lion": "AdamW"}
_WHOLE = "."  # its path of the network itself


class Logits(nn.Module):
    """A network of ours as torchdistill takes it: images in, logits out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images).logits
        return logits


def available() -> bool:
    """Whether torchdistill is installed."""
    return find_spec("torchdistill") is not None


def torchdistill_step(assembly: Assembly, *, mended: bool) -> Callable[[], None]:
    """One step of torchdistill in fp32 with contiguous images: CE + KD as in the reference loop, CE without a teacher.

    Since its version 1.0 nothing puts the teacher into eval mode: it normalises by the batch's statistics, as a network
    does that was just built, and that takes longer. `mended` hands it over in eval mode, where it stays.

    Raises UserError when torchdistill is not installed or does not work with the installed PyTorch.
    """
    student = copy.deepcopy(assembly.student).to(memory_format=torch.contiguous_format)
    teacher = None
    if assembly.teacher is not None:
        teacher = copy.deepcopy(assembly.teacher.network).to(memory_format=torch.contiguous_format).train(not mended)
    box = training_box(student, teacher, assembly.recipe.train, PilImages(assembly), assembly.device)
    start_workers(box.train_data_loader)
    losses = train(box, assembly.device)

    def step() -> None:
        next(losses)

    return step


def training_box(
    student: nn.Module, teacher: nn.Module | None, settings: Train, images: Dataset[Any], device: torch.device
) -> Any:
    """torchdistill's box around the two networks, which it trains in place; without a teacher its box for one network.

    Raises UserError when torchdistill cannot be had.
    """
    try:
        from torchdistill.core.distillation import get_distillation_box
        from torchdistill.core.training import get_training_box
    except ImportError as error:
        if not available():
            raise UserError("torchdistill is not installed", hint="pip install torchdistill") from None
        raise UserError(f"torchdistill does not work with PyTorch {torch.__version__}: {error}") from error

    config = {
        "num_epochs": settings.epochs,
        "train_data_loader": {
            "dataset_id": "train",
            "sampler": {"class_or_func": RandomSampler},
            "kwargs": {
                "batch_size": settings.batch_size,
                "num_workers": WORKERS,
                "persistent_workers": True,
                "pin_memory": device.type == "cuda",
            },
        },
        # its DataParallel wrapper is left out: there is one device, and it costs time
        "teacher": {"forward_proc": "forward_batch_only", "requires_grad": False},
        "student": {"forward_proc": "forward_batch_only"},
        "model": {"forward_proc": "forward_batch_only"},  # what the box for one network calls its student
        "optimizer": _optimizer(settings.optimizer),
        "criterion": _criterion(distils=teacher is not None),
    }
    rest = ({"train": images}, config, device, [device.index or 0], False, 1)
    if teacher is None:
        return get_training_box(Logits(student), *rest)
    return get_distillation_box(Logits(teacher), Logits(student), *rest)


def _optimizer(params: NamedParams) -> dict[str, Any]:
    settings = params.model_dump(exclude={"name", "delta"})
    if "beta1" in settings:
        settings["betas"] = settings.pop("beta1"), settings.pop("beta2")
    return {"key": _OPTIMIZERS[params.name], "kwargs": settings}


def _criterion(*, distils: bool) -> dict[str, Any]:
    """CE + T² · KL with T = 4, both with weight 1; CE alone unless it `distils`."""
    if distils:
        term: dict[str, Any] = {
            "criterion": {
                "key": "KDLoss",
                "kwargs": {
                    "student_module_path": _WHOLE,
                    "student_module_io": "output",
                    "teacher_module_path": _WHOLE,
                    "teacher_module_io": "output",
                    "temperature": 4.0,
                    "alpha": 1.0,
                    "beta": 1.0,  # unless it is given, 1 - alpha
                },
            },
        }
    else:
        term = {
            "criterion": {"key": "CrossEntropyLoss", "kwargs": {}},
            "criterion_wrapper": {
                "key": "SimpleLossWrapper",
                "kwargs": {
                    "input": {"is_from_teacher": False, "module_path": _WHOLE, "io": "output"},
                    "target": {"uses_label": True},
                },
            },
        }
    return {"key": "WeightedSumLoss", "kwargs": {"sub_terms": {"loss": {**term, "weight": 1.0}}}}


def train(box: Any, device: torch.device) -> Iterator[float]:
    """Train without end; each item is the loss of one more step.

    All that its example does in a step is done: fetch, move, both forwards, criterion, backward, optimiser, meters, two
    tests of the loss. Its scheduler acts once an epoch and is left out. Log lines are put together, and go nowhere unless
    the process has set up logging.
    """
    from torchdistill.misc.log import MetricLogger, SmoothedValue

    for epoch in count():
        box.pre_epoch_process(epoch=epoch)
        meters = MetricLogger(delimiter="  ")
        meters.add_meter("lr", SmoothedValue(window_size=1, fmt="{value}"))
        meters.add_meter("img/s", SmoothedValue(window_size=10, fmt="{value}"))
        for images, labels, supplement in meters.log_every(box.train_data_loader, LOG_EVERY, f"Epoch: [{epoch}]"):
            began = time.time()
            images, labels = images.to(device), labels.to(device)
            loss = box.forward_process(images, labels, supplement)
            box.post_forward_process(loss=loss)
            value = loss.item()
            meters.update(loss=value, lr=box.optimizer.param_groups[0]["lr"])
            meters.meters["img/s"].update(len(images) / (time.time() - began))
            if torch.isnan(loss) or torch.isinf(loss):
                raise UserError(f"the loss of torchdistill's loop became {value}", exit_code=ExitCode.DIVERGED)
            yield value
        box.post_epoch_process()
