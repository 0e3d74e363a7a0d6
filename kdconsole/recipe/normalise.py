"""Which channel statistics a network's input is normalised with."""

from kdconsole.recipe.catalogue import DATASETS

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def channel_statistics(name: str, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(mean, std) of `name`: a data set, "imagenet", or "none" for images left in [0, 1]."""
    if name == "none":
        return (0.0,) * channels, (1.0,) * channels
    if name == "imagenet":
        return _IMAGENET
    info = DATASETS[name]
    return info.mean, info.std
