"""Pictures, folders, videos and streams: what is good comes through, of the rest a sentence is said."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detectors.base import Frame
from detectors.sources import Asked, Newest, SourceError, open_source
from detectors.sources.base import Sampler
from detectors.sources.streams import Stream, shown
from gis_core.detector_settings import Detect
from tests.filming import HEIGHT_PX, WIDTH_PX, film, http_server, multipart, number_of, rtsp_server

AT = datetime(2025, 10, 27, 1, tzinfo=UTC)
NAME = "CAM-1_20251027T080000"


def picture(path: Path, grey: int = 90, **options: object) -> Path:
    Image.fromarray(np.full((HEIGHT_PX, WIDTH_PX, 3), grey, np.uint8)).save(path, **options)
    return path


def frames_of(path: Path, **asked: object) -> tuple[list[Frame], list[str]]:
    said: list[str] = []
    source = open_source(str(path), Asked("CAM-1", complain=said.append, **asked), Detect())
    return list(source.frames()), said


def test_a_picture_is_taken_at_the_time_of_its_name(tmp_path: Path) -> None:
    frames, said = frames_of(picture(tmp_path / f"{NAME}.png"))
    assert said == []
    assert [(frame.camera_code, frame.taken_at) for frame in frames] == [("CAM-1", AT)]
    assert frames[0].image is not None
    assert frames[0].image.shape == (HEIGHT_PX, WIDTH_PX, 3) == (frames[0].height_px, frames[0].width_px, 3)


def test_a_picture_lies_as_its_tags_say(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    frames, _ = frames_of(picture(tmp_path / f"{NAME}.jpg", exif=tags))
    assert (frames[0].width_px, frames[0].height_px) == (HEIGHT_PX, WIDTH_PX)


def test_a_picture_without_any_time_takes_the_one_given_or_is_named(tmp_path: Path) -> None:
    file = picture(tmp_path / "gate.png")
    assert frames_of(file, first_at=AT)[0][0].taken_at == AT
    frames, said = frames_of(file)
    assert (frames, said) == (
        [],
        ["gate.png: neither its name nor EXIF tells when it was taken; give the time with --at."],
    )


def test_a_time_in_the_future_is_refused(tmp_path: Path) -> None:
    frames, said = frames_of(picture(tmp_path / "gate_20951027T080000.png"))
    assert frames == []
    assert "lies in the future" in said[0]


def test_what_is_broken_in_a_folder_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        picture(tmp_path / f"{NAME[:-2]}{number:02d}.png", grey=number)
    whole = picture(tmp_path / "a_20251027T090000.jpg").read_bytes()
    (tmp_path / "b_20251027T090001.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c_20251027T090002.jpg").write_bytes(b"no picture at all")
    (tmp_path / "d_20251027T090003.png").write_bytes(b"")
    (tmp_path / "e_20251027T080001.png").write_bytes((tmp_path / f"{NAME[:-2]}01.png").read_bytes())
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".hidden.jpg").write_bytes(b"")
    (tmp_path / "f_20251027T100000.mp4").write_bytes(b"no video at all")
    frames, said = frames_of(tmp_path)
    assert [frame.taken_at.minute * 60 + frame.taken_at.second for frame in frames] == [1, 2, 10, 0]
    assert sorted(said) == sorted(
        [
            f"e_20251027T080001.png: it was taken at the same time as {NAME[:-2]}01.png; it is left out.",
            "b_20251027T090001.jpg: the picture is damaged or cut short.",
            "c_20251027T090002.jpg: it is no picture that can be read.",
            "d_20251027T090003.png: it is no picture that can be read.",
            "f_20251027T100000.mp4: it is no video that can be read, or its beginning or end is missing.",
            "notes.txt: it is neither a picture nor a video, by its name.",
        ]
    )


def test_a_picture_larger_than_any_camera_takes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    Image.new("1", (30_000, 10)).save(tmp_path / f"{NAME}.png")
    frames, said = frames_of(tmp_path)
    assert frames == []
    assert "30000 x 10 pixels" in said[0]


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such file or folder"):
        frames_of(tmp_path / "nowhere.jpg")


def test_a_video_is_sampled_by_its_own_clock(tmp_path: Path) -> None:
    frames, said = frames_of(film(tmp_path / f"{NAME}.mp4"), interval_s=0.5)
    assert said == []
    assert [frame.taken_at - AT for frame in frames] == [timedelta(seconds=0.5 * n) for n in range(4)]
    assert [number_of(frame.image) for frame in frames if frame.image is not None] == [0, 5, 10, 15]


def test_a_video_tells_its_time_by_its_container_where_its_name_does_not(tmp_path: Path) -> None:
    file = film(tmp_path / "gate.mp4", creation_time="2025-10-27T01:00:00.000000Z")
    assert frames_of(file, interval_s=10.0)[0][0].taken_at == AT
    untold = film(tmp_path / "yard.avi", codec="mjpeg")
    assert frames_of(untold)[1] == [
        "yard.avi: neither its name nor the container tells when it was taken; give the time with --at."
    ]
    assert len(frames_of(untold, first_at=AT)[0]) == 20


def test_of_a_video_that_is_cut_short_the_beginning_is_read(tmp_path: Path) -> None:
    whole = film(tmp_path / f"{NAME}.mkv", frames=100).read_bytes()
    cut = tmp_path / f"{NAME}-cut.mkv"
    cut.write_bytes(whole[: len(whole) // 2])
    frames, said = frames_of(cut)
    assert 5 < len(frames) < 100
    assert len(said) >= 1
    assert "cut short" in said[-1]


def test_a_video_whose_index_is_missing_is_named(tmp_path: Path) -> None:
    whole = film(tmp_path / f"{NAME}.mp4").read_bytes()
    cut = tmp_path / f"{NAME}-cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    frames, said = frames_of(cut)
    assert frames == []
    assert said == [f"{cut.name}: it is no video that can be read, or its beginning or end is missing."]


def test_damaged_frames_are_left_out_and_counted(tmp_path: Path) -> None:
    content = bytearray(film(tmp_path / "whole.ts", frames=60).read_bytes())
    rng = np.random.default_rng(5)
    for start in range(30 * 188, len(content) - 188, 3 * 188):
        content[start + 20 : start + 120] = rng.bytes(100)
    broken = tmp_path / f"{NAME}.ts"
    broken.write_bytes(content)
    frames, said = frames_of(broken)
    assert 0 < len(frames) < 60
    assert "frames are damaged and were left out" in said[0]


def test_a_playlist_that_calls_itself_a_video_opens_no_other_file(tmp_path: Path) -> None:
    secret = film(tmp_path / f"{NAME}.ts")
    for name, content in (
        ("list.mp4", f"ffconcat version 1.0\nfile '{secret}'\n"),
        ("list.ts", f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"),
    ):
        (tmp_path / name).write_text(content)
        assert frames_of(tmp_path / name, first_at=AT)[0] == []


@pytest.mark.parametrize("interval_s", [0.1, 0.25, 1.0, 7.0])
def test_sampling_keeps_its_mean_rate(interval_s: float) -> None:
    sampler = Sampler(interval_s)
    moments = np.arange(0, 100, 0.04)
    taken = [moment for moment in moments if sampler.takes(moment)]
    assert len(taken) == pytest.approx(100 / interval_s, abs=1.5)
    assert min(np.diff(taken)) >= interval_s - 0.041


def test_sampling_begins_anew_when_a_clock_goes_back() -> None:
    sampler = Sampler(10.0)
    assert [sampler.takes(moment) for moment in (100, 105, 3, 8, 13)] == [True, False, True, False, True]


def test_the_newest_frame_wins_and_the_others_are_counted() -> None:
    newest = Newest()
    frames = [Frame("CAM-1", AT + timedelta(seconds=n), 1, 1) for n in range(5)]
    assert newest.take() is None
    for frame in frames:
        newest.put(frame)
    assert newest.take() is frames[-1]
    assert newest.take() is None
    assert newest.dropped == 4
    newest.close()
    assert newest.is_over


def stream_frames(url: str, count: int, **asked: object) -> tuple[list[Frame], list[str], Stream]:
    """The first frames of a stream; it is stopped then."""
    said: list[str] = []
    stop = threading.Event()
    wanted = Asked("CAM-1", complain=said.append, stop=stop, **asked)
    stream = open_source(url, wanted, Detect(timeout_s=5.0))
    assert isinstance(stream, Stream)
    taken: list[Frame] = []
    for frame in stream.frames():
        taken.append(frame)
        if len(taken) == count:
            stop.set()
    stream.join()
    return taken, said, stream


def test_a_transport_stream_over_http(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with http_server(film(tmp_path / "live.ts"), "video/mp2t") as (url, asked):
        frames, said, stream = stream_frames(url, 2)
    # The file comes at once, so the newest frame has won; at its end the stream is asked for again.
    assert [number_of(frame.image) for frame in frames if frame.image is not None][-1] <= 19
    assert all(before - timedelta(seconds=1) <= frame.taken_at <= datetime.now(UTC) for frame in frames)
    assert frames[0].taken_at < frames[1].taken_at
    assert stream.dropped + len(frames) <= 20 * len(asked)
    assert all("s3cret" not in sentence for sentence in said)


def test_a_stream_that_ends_is_connected_again_and_says_so(tmp_path: Path) -> None:
    with http_server(film(tmp_path / "live.ts", frames=3), "video/mp2t") as (url, asked):
        frames, said, _ = stream_frames(url, 4)
    assert len(frames) == 4
    assert len(asked) >= 2
    assert said[0] == f"{url}: the stream has ended; connecting again in 1 s."


def test_motion_jpeg_over_http(tmp_path: Path) -> None:
    pictures = []
    for grey in (40, 120, 200):
        buffer = io.BytesIO()
        Image.fromarray(np.full((HEIGHT_PX, WIDTH_PX, 3), grey, np.uint8)).save(buffer, "JPEG")
        pictures.append(buffer.getvalue())
    body = multipart(tmp_path / "live.mjpeg", pictures * 5)
    with http_server(body, "multipart/x-mixed-replace; boundary=frame") as (url, _):
        frames, _, _ = stream_frames(url, 1)
    assert (frames[0].width_px, frames[0].height_px) == (WIDTH_PX, HEIGHT_PX)


def test_a_camera_that_gives_single_pictures_is_asked_again_at_the_interval(tmp_path: Path) -> None:
    with http_server(picture(tmp_path / "now.jpg"), "image/jpeg") as (url, asked):
        frames, said, _ = stream_frames(url, 3, interval_s=0.05)
    assert len(frames) == 3
    assert len(asked) >= 3
    assert said == []


def test_rtsp(tmp_path: Path) -> None:
    with rtsp_server(film(tmp_path / "live.ts", frames=40)) as url:
        frames, said, _ = stream_frames(url, 1)
    assert (frames[0].width_px, frames[0].height_px) == (WIDTH_PX, HEIGHT_PX)
    assert all("s3cret" not in sentence for sentence in said)


def test_key_frames_alone_where_they_are_enough(tmp_path: Path) -> None:
    with http_server(film(tmp_path / "live.ts", frames=15), "video/mp2t") as (url, _):
        frames, _, _ = stream_frames(url, 1, interval_s=60.0)
    assert frames[0].image is not None
    assert number_of(frames[0].image) in (0, 10)


def test_a_stream_out_of_reach_is_named_without_its_password() -> None:
    said: list[str] = []
    stop = threading.Event()

    def hear(sentence: str) -> None:
        said.append(sentence)
        if len(said) == 2:
            stop.set()

    url = "http://viewer:s3cret@127.0.0.1:9/live?token=s3cret"
    stream = open_source(url, Asked("CAM-1", complain=hear, stop=stop), Detect(timeout_s=2.0))
    assert list(stream.frames()) == []
    assert said[0].startswith("http://127.0.0.1:9/live: it cannot be read")
    assert [sentence.rpartition(" in ")[2] for sentence in said] == ["1 s.", "2 s."]
    assert all("s3cret" not in sentence for sentence in said)


@pytest.mark.parametrize(
    "url", ["ftp://camera/live", "rtsp://", "concat://a|b", "http://[camera/live", "rtsp://x:y/"]
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="streams begin with http, https, rtsp, rtsps"):
        open_source(url, Asked("CAM-1"), Detect())


def test_an_address_is_shown_without_user_password_and_query() -> None:
    assert shown("rtsp://viewer:s3cret@10.0.0.5:554/main?token=s3cret") == "rtsp://10.0.0.5:554/main"
