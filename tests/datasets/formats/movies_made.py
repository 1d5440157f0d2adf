"""Small movies for tests."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream


def greys(levels: list[int], height: int = 32, width: int = 48) -> np.ndarray:
    """Frames `(time, height, width, 3)` uint8, each of one grey."""
    return np.broadcast_to(np.array(levels, np.uint8)[:, None, None, None], (len(levels), height, width, 3))


def write_movie(path: Path, frames: np.ndarray, codec: str = "mpeg4", rate: int = 10) -> Path:
    """A movie file of these frames."""
    pixels = {"mpeg4": "yuv420p", "gif": "rgb8"}[codec]
    with av.open(str(path), "w") as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=rate))
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        for frame in frames:
            for packet in stream.encode(
                av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            ):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path
