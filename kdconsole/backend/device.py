"""Where a run computes, and how."""

import os
from contextlib import AbstractContextManager, nullcontext

import torch

from kdconsole.errors import ExitCode, UserError
from kdconsole.recipe.schema import Train


def prepare_device(train: Train) -> torch.device:
    """The device that the recipe asks for, with threads and determinism set. Raises UserError when it is not there."""
    if train.threads is not None:
        torch.set_num_threads(train.threads)
    if train.deterministic:
        # cuBLAS needs a fixed workspace for reproducible sums; read when its first handle is made
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(train.deterministic, warn_only=True)
    # filling new tensors is a debugging aid that costs a pass over each of them
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = not train.deterministic
    # PyTorch rounds convolutions to TF32 on its own; the published numbers were computed without
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return _find(train.device)


def _find(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    device = torch.device(name)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise UserError(
                f"the recipe asks for device “{name}”, this host has {count or 'no'} usable GPU{'' if count == 1 else 's'}",
                hint="run it with --set train.device=cpu, or free or install a GPU",
                exit_code=ExitCode.RETRY,
            )
        return torch.device("cuda", device.index or 0)
    return device


def describe_device(device: torch.device) -> str:
    """The device in words, for events and tables."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    return f"cpu, {torch.get_num_threads()} threads"


def forward_precision(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """The arithmetic of forward passes."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def memory_format(device: torch.device) -> torch.memory_format:
    """How images lie in memory: channels last is the quicker layout for these networks wherever it was measured (CPU:
    0.85 of the time of channels first), and equal to rounding."""
    return torch.channels_last
