"""Process ``echo``: gives back what it is given, after a while, so that clients can be tried."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from gis_core.errors import GisError
from gis_core.types import Text
from layers.processes.base import JSON_TYPE, Input, Output, Process, Progress, Values

_STEP_S = 0.1


def _inputs() -> Mapping[str, Input]:
    return {
        "message": Input(
            Text("Thông điệp", "Message"),
            Text("Được trả lại nguyên văn.", "Given back as it is."),
            {"type": "string", "maxLength": 1000, "default": "Xin chào Huế"},
        ),
        "pause_s": Input(
            Text("Thời gian chờ (s)", "Pause (s)"),
            Text("Chờ bao nhiêu giây trước khi trả lời.", "Seconds to wait before the answer."),
            {"type": "number", "minimum": 0, "maximum": 60, "default": 0, "x-unit": "s"},
        ),
        "fail": Input(
            Text("Thất bại", "Fail"),
            Text("Để thử xem lỗi được báo thế nào.", "To see how a failure is told."),
            {"type": "boolean", "default": False},
        ),
    }


def _run(values: Values, progress: Progress) -> Values:
    """What came in, after ``pause_s``.

    Raises:
        GisError: it was asked to.
    """
    until = time.monotonic() + values["pause_s"]
    while (left_s := until - time.monotonic()) > 0:
        progress(100 * (1 - left_s / values["pause_s"]), "Waiting")
        time.sleep(min(_STEP_S, left_s))
    if values["fail"]:
        raise GisError("This process failed because the input 'fail' asked for it.")
    return {"echo": {"message": values["message"], "at": datetime.now(UTC).isoformat(timespec="seconds")}}


PROCESS = Process(
    id="echo",
    version="1.0.0",
    title=Text("Tiếng vọng", "Echo"),
    description=Text(
        "Trả lại thông điệp đã gửi; dùng để thử kết nối, tiến độ và việc hủy một tác vụ.",
        "Gives back the message that was sent; to try a connection, progress and dismissal.",
    ),
    keywords=("thử", "test"),
    inputs=_inputs,
    outputs={
        "echo": Output(
            Text("Trả lời", "Answer"),
            Text("Thông điệp và thời điểm trả lời.", "The message and when it was answered."),
            JSON_TYPE,
        )
    },
    run=_run,
    example={"message": "Xin chào Huế", "pause_s": 2},
)
