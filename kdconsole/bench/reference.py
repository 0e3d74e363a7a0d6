"""The loop that most distillation code runs: PIL images through DataLoader workers, a Python step, `.item()` each time.

Kept as the yardstick of the benchmark.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.transforms.functional import to_pil_image

from kdconsole.backend.assembly import Assembly, statistics_of
from kdconsole.backend.optim import build_optimizer

WORKERS = 2


class PilImages(Dataset[tuple[torch.Tensor, int]]):
    """Images as PIL objects with crop, flip and normalisation per image, in the worker."""

    def __init__(self, assembly: Assembly) -> None:
        split = assembly.splits.train
        self._images, self._labels = split.images.cpu(), split.labels.cpu()
        height, width = self._images.shape[2:]
        mean, std = statistics_of(assembly.recipe)
        self._transform = transforms.Compose(
            [
                transforms.RandomCrop((height, width), padding=max(1, height // 8)),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self._transform(to_pil_image(self._images[index])), int(self._labels[index])


def reference_step(assembly: Assembly) -> Callable[[], None]:
    """One step of that loop in fp32 with contiguous images: fetch, move, both forwards, CE + KD, backward, SGD, `.item()`."""
    device = assembly.device
    student = copy.deepcopy(assembly.student).to(memory_format=torch.contiguous_format).train()
    teacher = None
    if assembly.teacher is not None:
        teacher = copy.deepcopy(assembly.teacher.network).to(memory_format=torch.contiguous_format)
        teacher.eval()
    optimizer = build_optimizer(assembly.recipe.train.optimizer, student.parameters(), device)
    for group in optimizer.param_groups:
        group["fused"] = False  # PyTorch's own choice, as such loops leave it
    loader = DataLoader(
        PilImages(assembly),
        batch_size=assembly.recipe.train.batch_size,
        shuffle=True,
        num_workers=WORKERS,
        persistent_workers=True,
        pin_memory=device.type == "cuda",
    )
    start_workers(loader)
    batches = _endless(loader)

    def step() -> None:
        images, labels = (tensor.to(device) for tensor in next(batches))
        learned = student(images).logits
        loss = functional.cross_entropy(learned, labels)
        if teacher is not None:
            with torch.no_grad():
                taught = teacher(images).logits
            loss = loss + 16 * functional.kl_div(
                functional.log_softmax(learned / 4, 1), functional.softmax(taught / 4, 1), reduction="batchmean"
            )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss.item()

    return step


def start_workers(loader: DataLoader[Any]) -> None:
    """Let the workers of a loader that keeps them begin now. Begun after the first steps on a CPU they would be copies of a
    process of gigabytes, and each would keep all of it that the process writes over."""
    iter(loader)


def _endless(loader: DataLoader[Any]) -> Iterator[Any]:
    while True:
        yield from loader
