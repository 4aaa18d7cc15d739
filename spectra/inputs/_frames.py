"""Frames of a video, read with PyAV where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from spectra._text import brief
from spectra.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".y4m"})
# What FFmpeg may take a file for, whatever its name: a playlist in it would open other files.
CONTAINERS = "avi,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpeg,mpegts,mpegvideo,m4v,yuv4mpegpipe"
EVERY = 8  # frames: neighbours in time show the same scene


def is_video(path: Path) -> bool:
    """Tell by its suffix whether a file is a video.

    Examples
    --------
    >>> from pathlib import Path
    >>> is_video(Path("clip.MP4")), is_video(Path("clip.png"))
    (True, False)
    """
    return path.suffix.lower() in SUFFIXES


def check_video(path: Path) -> None:
    """Raise InputError unless frames can be read on this machine."""
    if find_spec("av") is None:
        raise InputError(
            f"{path} is a video, whose frames are read with PyAV, which is not installed: "
            "pip install 'spectra-artifacts[video]', or save frames as PNG"
        )


def frames(path: Path) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield every eighth frame of a video with its number, as uint8 (y, x, 3).

    Raises
    ------
    InputError
        If PyAV is not installed, or cannot read the file.
    """
    check_video(path)
    import av

    try:
        with av.open(str(path), options={"format_whitelist": CONTAINERS}) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number % EVERY == 0:
                    yield number, frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, IndexError, OSError) as error:
        raise InputError(f"{path} cannot be read as a video ({brief(error)})") from error
