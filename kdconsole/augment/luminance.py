"""Brightness as the eye sees it."""

from torch import Tensor


def luminance(images: Tensor) -> Tensor:
    """(B, 1, H, W): 0.2989 R + 0.587 G + 0.114 B, torchvision's weights (ITU-R 601). One channel is its own luminance.

    Raises ValueError for images of neither one nor three channels.
    """
    if images.shape[1] == 1:
        return images
    if images.shape[1] != 3:
        raise ValueError(f"images have {images.shape[1]} channels, colour views know 1 and 3")
    return 0.2989 * images[:, 0:1] + 0.587 * images[:, 1:2] + 0.114 * images[:, 2:3]
