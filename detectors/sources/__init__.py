"""Where frames come from: pictures, folders, video files and streams, behind one seam."""

from detectors.sources.base import Asked, FrameSource, Newest, SourceError
from detectors.sources.opening import is_stream, open_source

__all__ = ["Asked", "FrameSource", "Newest", "SourceError", "is_stream", "open_source"]
