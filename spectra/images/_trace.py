"""What most pictures of a run carry: read again with a summary, so nothing heavy is loaded."""

from dataclasses import dataclass
from typing import Literal

CauseId = Literal[
    "jpeg",
    "double_jpeg",
    "webp",
    "demosaic",
    "resize",
    "decoder",
    "dithering",
    "patch",
    "tiles",
    "scene",
    "unknown",
]
NAMES: dict[CauseId, str] = {
    "jpeg": "blocks of JPEG",
    "double_jpeg": "blocks of JPEG",
    "webp": "blocks of WebP",
    "demosaic": "a camera's mosaic",
    "dithering": "ordered dithering",
    "resize": "an enlargement",
    "decoder": "another decoder's upsampling",
    "patch": "patches",
    "tiles": "tiles",
    "unknown": "a grid of unknown cause",
}


@dataclass(frozen=True)
class Trace:
    """What most of some pictures carry.

    Attributes
    ----------
    id : str
        Of its cause.
    period : int
        Pixels.
    pictures, of : int
        In how many of those that were looked at.
    """

    id: CauseId
    period: int
    pictures: int
    of: int

    @property
    def text(self) -> str:
        """The cause in words, with its period."""
        return f"{NAMES[self.id]}, {self.period} px"
