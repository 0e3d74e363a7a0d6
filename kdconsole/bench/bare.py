"""The floor: both networks and the optimiser on one resident batch, nothing else."""

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from kdconsole.backend.assembly import Assembly
from kdconsole.backend.device import forward_precision
from kdconsole.backend.dot import DistillationOriented
from kdconsole.backend.graph import REHEARSALS, CudaRecorder, Work
from kdconsole.backend.optim import build_optimizer
from kdconsole.methods.kd import softened_divergence


def bare_step(assembly: Assembly, layout: torch.memory_format, precision: str) -> Callable[[], None]:
    """A step of copies of the assembly's networks: teacher forward, student forward and backward with CE + KD, optimiser.

    The batch is fixed, normalised and on the device in `layout`.
    """
    device = assembly.device
    student = copy.deepcopy(assembly.student).to(memory_format=layout).train()
    teacher: nn.Module | None = None
    if assembly.teacher is not None:
        teacher = copy.deepcopy(assembly.teacher.network).to(memory_format=layout).eval()
    optimizer = build_optimizer(assembly.recipe.train.optimizer, student.parameters(), device)
    count = min(assembly.recipe.train.batch_size, len(assembly.splits.train))
    _, pixels, labels = assembly.splits.train.pick(torch.arange(count))
    images = assembly.seen_student.normalise(pixels).contiguous(memory_format=layout)

    def step() -> None:
        with forward_precision(device, precision):
            taught = None
            if teacher is not None:
                with torch.inference_mode():
                    taught = teacher(images).logits
            learned = student(images).logits
        loss = functional.cross_entropy(learned.float(), labels)
        distance = loss.new_zeros(())
        if taught is not None:
            distance = softened_divergence(learned.float(), taught.float().clone(), 4.0)
        if isinstance(optimizer, DistillationOriented):
            optimizer.differentiate(loss, distance, None)
        else:
            optimizer.zero_grad(set_to_none=True)
            (loss + distance).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def captured(step: Work, device: torch.device) -> Work:
    """The same step as one CUDA graph."""
    recorder = CudaRecorder(device, ())
    for _ in range(REHEARSALS):
        recorder.rehearse(step)
    return recorder.record(step)
