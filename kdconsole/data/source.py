"""What a data set's own file provides, and how it is found.

Every module in `kdconsole.data.sources` may declare sources. Which data sets exist is the recipe catalogue's business;
a source only knows how that data set lies on the disk.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kdconsole.data.images import Split
from kdconsole.recipe.catalogue import Catalogue


class Source(ABC):
    """Reads one data set."""

    def __init__(self, name: str) -> None:
        self.name = name

    def catalogue_name(self) -> str:
        return self.name

    def required(self, split: Split) -> dict[str, str | None]:
        """The files that `split` is read from: path below the root → official MD5, None where there is no official one.

        A data set that needs no files has none.
        """
        return {}

    def fetch(self, folder: Path) -> None:
        """Download both splits into the empty `folder`, laid out as below a root. Only called when files are required.

        Raises OSError, RuntimeError or an archive's own error when that fails; what then lies in `folder` is discarded.
        """
        raise NotImplementedError(f"{self.name} has no files to download")

    @abstractmethod
    def read(self, root: Path, split: Split) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Images (N, C, H, W) and labels (N,) of `split`, in the official order.

        Raises UserError for a file that is not what its name says.
        """


SOURCES: Catalogue[Source] = Catalogue("data set reader", "kdconsole.data.sources")
