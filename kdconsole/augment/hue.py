"""Turn colours round the colour circle of HSV."""

import torch
from torch import Tensor


def turn_hue(images: Tensor, turns: Tensor) -> Tensor:
    """`images` (B, 3, H, W) with their hue moved by `turns` (B,), in whole turns. Grey pixels stay as they are.

    With M and m the largest and smallest channel and h the hue in sixths of a turn, channel n of {5, 3, 1} for red,
    green, blue is M − (M − m) · clamp(min(k, 4 − k), 0, 1), k = (n + h) mod 6: the closed form of HSV to RGB without
    its six cases.
    """
    largest, smallest = images.amax(dim=1), images.amin(dim=1)
    span = largest - smallest
    red, green, blue = images.unbind(dim=1)
    divisor = torch.where(span > 0, span, 1.0)
    sixths = torch.where(
        largest == red,
        (green - blue) / divisor,
        torch.where(largest == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    turned = sixths + 6 * turns.view(-1, 1, 1)
    return torch.stack([_channel(offset, turned, largest, span) for offset in (5, 3, 1)], dim=1)


def _channel(offset: int, sixths: Tensor, largest: Tensor, span: Tensor) -> Tensor:
    place = torch.remainder(sixths + offset, 6)
    return largest - span * torch.minimum(place, 4 - place).clamp(0, 1)
