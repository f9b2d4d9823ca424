"""Calibrating how likely events are forest fires on those that were verified and refuted."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from sqlalchemy import Connection

from gis_core.analysis.fire_probability import Logistic, fit, keep_every_fire, reliability, split_half
from gis_core.config import Settings
from gis_core.errors import GisError
from gis_core.files import replacing
from gis_core.fire_settings import FireProbability
from layers import forest_zones
from layers.fire_features import FEATURES, features_of, reasons
from layers.fire_tracking import read_events, set_probabilities
from layers.read import read

_log = logging.getLogger(__name__)


class TooFewFiresError(GisError):
    """Too few events were verified or refuted to calibrate a probability."""


def calibration_file(settings: Settings) -> Path:
    """Where the calibration lies: the model in plain numbers, threshold, guarantee, reliability curve."""
    return settings.var_dir / "fire" / "calibration.json"


def calibrate(connection: Connection, settings: Settings) -> dict[str, Any]:
    """Fit the model, set the threshold, and write both with the reliability curve as JSON.

    Half of the decided events train the model, and the threshold is set on the fires of the other half,
    so that its guarantee holds for the very model that is used.

    Raises:
        TooFewFiresError: with the sentence that says how many there are and how many it takes.
    """
    events = read_events(connection)
    decided = events[events["status"].isin(["verified", "false"])] if len(events) else events
    _refuse_too_few(decided, settings.fire.probability)
    # In the order of codes, so that the same events are always split alike.
    decided = decided.sort_values("code")
    forests = read(connection, forest_zones.LAYER, columns=("code",))
    features = features_of(decided, forests, settings.fire.probability)
    is_fire = (decided["status"] == "verified").to_numpy()
    trains = split_half(is_fire)
    model = fit(features[trains], is_fire[trains])
    keep = keep_every_fire(model.probability(features[~trains & is_fire]))
    scores = model.probability(features[~trains])
    curve = reliability(features, is_fire)
    written: dict[str, Any] = {
        "calibrated_at": datetime.now(UTC).isoformat(),
        "simulated": bool(decided["simulated"].any()),
        "verified": int(is_fire.sum()),
        "refuted": int((~is_fire).sum()),
        "threshold": keep.threshold,
        "calibration_fires": keep.fires,
        "guarantee": keep.guarantee,
        "guarantee_en": (
            f"All {keep.fires} verified fires of the calibration set are kept; a further fire that is "
            f"exchangeable with them is kept with a probability of at least {keep.guarantee:.1%}."
        ),
        "guarantee_vi": (
            f"Giữ lại cả {keep.fires} đám cháy đã xác minh của tập hiệu chỉnh; một đám cháy mới cùng loại "
            f"được giữ lại với xác suất ít nhất {f'{100 * keep.guarantee:.1f}'.replace('.', ',')}%."
        ),
        "false_alarms_left_out": float((scores[~is_fire[~trains]] < keep.threshold).mean()),
        "reliability": [one._asdict() for one in curve.bins],
        "brier": curve.brier,
        "brier_of_share": curve.brier_of_share,
        "model": {
            "features": list(FEATURES),
            "mean": model.mean.tolist(),
            "scale": model.scale.tolist(),
            "coefficient": model.coefficient.tolist(),
            "intercept": model.intercept,
        },
    }
    path = calibration_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")
    return written


def _refuse_too_few(decided: gpd.GeoDataFrame, needed: FireProbability) -> None:
    verified = int((decided["status"] == "verified").sum()) if len(decided) else 0
    refuted = len(decided) - verified
    if verified < needed.min_verified or refuted < needed.min_refuted:
        raise TooFewFiresError(
            f"{verified} events are verified and {refuted} refuted; a probability needs at least "
            f"{needed.min_verified} and {needed.min_refuted}, so none is given."
        )


def read_calibration(settings: Settings) -> dict[str, Any] | None:
    """The calibration in force; None where there is none, or none of the present features."""
    path = calibration_file(settings)
    if not path.is_file():
        return None
    try:
        read_back: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        same = read_back["model"]["features"] == list(FEATURES)
    except (OSError, ValueError, KeyError, TypeError):
        _log.warning("%s is no calibration of this service; run 'huegis fire calibrate'.", path.name)
        return None
    return read_back if same else None


def tell_probabilities(connection: Connection, settings: Settings) -> int:
    """Write probability and reasons to every event, or take them away where nothing is calibrated.

    Returns:
        How many events have a probability now.
    """
    events = read_events(connection)
    if events.empty:
        return 0
    calibration = read_calibration(settings)
    if calibration is None:
        set_probabilities(connection, dict.fromkeys(events["code"]))
        return 0
    numbers = calibration["model"]
    model = Logistic(
        np.array(numbers["mean"]), np.array(numbers["scale"]), np.array(numbers["coefficient"]),
        float(numbers["intercept"]),
    )  # fmt: skip
    forests = read(connection, forest_zones.LAYER, columns=("code",))
    features = features_of(events, forests, settings.fire.probability)
    probability, added = model.probability(features), model.contributions(features)
    told = {}
    for code, one, parts in zip(events["code"], probability, added, strict=True):
        why = reasons(parts)
        told[code] = (round(float(one), 4), why.vi, why.en)
    set_probabilities(connection, told)
    return len(told)
