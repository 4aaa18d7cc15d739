"""A playlist that is called a video opens no other file."""

import pytest

from spectra.errors import InputError
from spectra.inputs._frames import frames


def test_a_playlist_is_no_video_and_what_it_names_is_not_opened(tmp_path, rng):
    av = pytest.importorskip("av", reason="videos are read with PyAV")
    with av.open(str(tmp_path / "other.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width = stream.height = 64
        shape = (64, 64, 3)
        frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, shape).astype("uint8"))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    assert len(list(frames(tmp_path / "other.mp4"))) == 1
    with pytest.raises(InputError, match="cannot be read as a video"):
        list(frames(tmp_path / "list.mp4"))
