"""What the recipe room knows of a data set without touching a file of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetInfo:
    """One data set. `mean` and `std` are per channel on images in [0, 1]; `size` is (height, width) in pixels.

    `train` and `test` are the numbers of images of the official splits. `bundled` sets need no download.
    """

    name: str
    help: str
    source: str
    classes: int
    channels: int
    size: tuple[int, int]
    train: int
    test: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bundled: bool = False

    def catalogue_name(self) -> str:
        return self.name
