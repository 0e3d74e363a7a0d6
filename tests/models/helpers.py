"""What the tests of this room share."""

import torch
from torch import Tensor, nn

from kdconsole.models.weights_info import WeightsInfo
from kdconsole.models.zoo import build

torch.set_num_threads(1)


def lively(arch: str, *, classes: int = 10, channels: int = 3, seed: int = 0) -> nn.Module:
    """A network whose BatchNorms have statistics and weights like a trained one's, so that no key can be mixed up."""
    torch.manual_seed(seed)
    network = build(arch, classes=classes, channels=channels)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.3)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def info_of(arch: str, *, classes: int = 10, channels: int = 3) -> WeightsInfo:
    return WeightsInfo(
        arch=arch,
        classes=classes,
        channels=channels,
        dataset="cifar10",
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
        size=(32, 32),
        accuracy={"measured/test/top1": 71.5},
        source="a run",
        source_sha256="0" * 64,
        extra={"note": "γ × 2"},
    )


def equal_states(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)
