"""FIRMS CSV: times, confidences, satellites and the position's covariance."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingesting import fit_file, refused

VIIRS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,"
    "satellite,instrument,confidence,version,bright_ti5,frp,daynight"
)
MODIS = VIIRS.replace("bright_ti4", "brightness").replace("bright_ti5", "bright_t31")


def write_fires(path: Path, *rows: str, head: str = VIIRS) -> Path:
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def fire(**changes: str) -> str:
    cells = {
        "latitude": "16.2", "longitude": "107.4", "bright_ti4": "305.2", "scan": "0.39", "track": "0.36",
        "acq_date": "2020-02-25", "acq_time": "18", "satellite": "N", "instrument": "VIIRS",
        "confidence": "n", "version": "1.0NRT", "bright_ti5": "289.7", "frp": "0.7", "daynight": "N",
    }  # fmt: skip
    return ",".join((cells | changes).values())


def test_a_pixel_becomes_a_suspected_fire(tmp_path: Path) -> None:
    row = fit_file(write_fires(tmp_path / "a.csv", fire()), "detections").rows.iloc[0]
    assert row["detected_at"].isoformat() == "2020-02-25T00:18:00+00:00"
    assert (row["subject"], row["class_name"], row["status"]) == ("forest_fire", "hotspot", "suspected")
    assert row["origin"] == "FIRMS Suomi-NPP VIIRS"
    assert row["origin_key"] == "16.2,107.4,2020-02-25T00:18Z,Suomi-NPP"
    assert row["frp_mw"] == 0.7
    # Uniform over a side of a: variance a² / 12; 390² / 12 = 12675 and 360² / 12 = 10800.
    assert (row["cov_xx_m2"], row["cov_xy_m2"], row["cov_yy_m2"]) == pytest.approx((12675, 0, 10800))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("18", "00:18"),
        ("0018", "00:18"),
        ("5", "00:05"),
        ("1425", "14:25"),
        ("00:18", "00:18"),
        ("925", "09:25"),
    ],
)
def test_times_are_read_padded_or_not(tmp_path: Path, time: str, expected: str) -> None:
    row = fit_file(write_fires(tmp_path / "a.csv", fire(acq_time=time)), "detections").rows.iloc[0]
    assert f"{row['detected_at']:%H:%M}" == expected


def test_a_date_may_carry_a_midnight(tmp_path: Path) -> None:
    path = write_fires(tmp_path / "a.csv", fire(acq_date="2020-02-25T00:00:00Z", acq_time="1425"))
    assert fit_file(path, "detections").rows["detected_at"].iloc[0].isoformat() == "2020-02-25T14:25:00+00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l", 0.15),
        ("low", 0.15),
        ("n", 0.55),
        ("Nominal", 0.55),
        ("h", 0.9),
        ("high", 0.9),
        ("0", 0.0),
        ("41", 0.41),
        ("100", 1.0),
    ],
)
def test_confidences(tmp_path: Path, text: str, expected: float) -> None:
    path = write_fires(tmp_path / "a.csv", fire(confidence=text))
    assert fit_file(path, "detections").rows["confidence"].iloc[0] == pytest.approx(expected)


def test_a_satellite_has_one_name_however_it_is_spelled(tmp_path: Path) -> None:
    near_real_time = fit_file(write_fires(tmp_path / "a.csv", fire(satellite="T"), head=MODIS), "detections")
    archive = fit_file(write_fires(tmp_path / "b.csv", fire(satellite="Terra"), head=MODIS), "detections")
    assert near_real_time.rows["id"].tolist() == archive.rows["id"].tolist()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"acq_date": ""}, "acq_date is missing"),
        ({"acq_time": ""}, "acq_time is missing"),
        ({"satellite": ""}, "satellite is missing"),
        ({"acq_time": "2561"}, "detected_at '2020-02-25T25:61Z' is not a time"),
        ({"acq_date": "25/02/2020"}, "is not a time"),
        ({"confidence": "maybe"}, "confidence 'maybe' is neither low, nominal, high nor 0-100"),
        ({"confidence": "101"}, "confidence '101' is neither low, nominal, high nor 0-100"),
        ({"scan": "wide"}, "scan 'wide' is not a finite number"),
        ({"frp": "-3"}, "frp_mw -3 is below 0 MW"),
        ({"latitude": ""}, "latitude is missing"),
        ({"longitude": "west"}, "longitude 'west' is not a finite number"),
        ({"latitude": "91", "longitude": "91"}, "its latitude is beyond ±90 degrees"),
    ],
)
def test_bad_rows(tmp_path: Path, changes: dict[str, str], reason: str) -> None:
    fitted = fit_file(write_fires(tmp_path / "a.csv", fire(longitude="107.5"), fire(**changes)), "detections")
    assert len(fitted.rows) == 1
    assert fitted.faults[0][0] == 3
    assert reason in fitted.reasons[0]


def test_swapped_columns(tmp_path: Path) -> None:
    path = write_fires(tmp_path / "a.csv", fire(latitude="107.4", longitude="16.2"))
    assert "coordinates seem to be swapped (line 2 has x 16.2 and y 107.4)" in refused(path, "detections")


def test_a_day_without_fires_is_a_good_file(tmp_path: Path) -> None:
    assert fit_file(write_fires(tmp_path / "a.csv"), "detections").rows.empty
