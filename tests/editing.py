"""What tests of editing share: accounts, features, and a look into the database behind the service."""

from __future__ import annotations

import json
from typing import Any

import httpx
import psycopg

from gis_core.access import digest_of

EDITOR, SECOND_EDITOR, GUEST = ("civil", "sesame"), ("roads", "asphalt"), ("intern", "nothing")
HUB = {"Authorization": "Bearer camera hub"}
ACCOUNTS = json.dumps(
    {
        "civil": {"sha256": digest_of("sesame")},
        "roads": {"sha256": digest_of("asphalt")},
        "intern": {"sha256": digest_of("nothing"), "roles": ["guest"]},
    }
)
EDITING_SETTINGS = {
    "HUEGIS_ACCESS__ACCOUNTS": ACCOUNTS,
    "HUEGIS_COLLECT__TOKENS": json.dumps({"hub": digest_of("camera hub")}),
}

SPOTS, WARDS = "/ogc/collections/flood_spots/items", "/ogc/collections/wards/items"
CAMERAS, DETECTIONS = "/ogc/collections/cameras/items", "/ogc/collections/detections/items"
GEOJSON = {"Content-Type": "application/geo+json"}
PATCH = {"Content-Type": "application/merge-patch+json"}
HUE = [107.58, 16.46]


def spot(code: str | None = None, place: list[float] | None = None, **properties: Any) -> dict[str, Any]:
    """A good flood spot, but for what is changed."""
    own = {"name": "Ngã Sáu", "ground_elevation_m": 2.5} | properties
    geometry = {"type": "Point", "coordinates": place or HUE}
    return {"type": "Feature", "geometry": geometry, "properties": own} | ({"id": code} if code else {})


def add(editor: httpx.Client, path: str, feature: dict[str, Any], **headers: str) -> httpx.Response:
    """Add a feature that must be taken."""
    answer = editor.post(path, content=json.dumps(feature), headers=GEOJSON | headers)
    assert answer.status_code == 201, answer.text
    return answer


def new_spot(editor: httpx.Client) -> tuple[str, str]:
    """The address of a flood spot of one's own, and its tag."""
    answer = add(editor, SPOTS, spot())
    return answer.headers["location"], answer.headers["etag"]


def query(url: str, sql: str, *values: Any) -> list[Any]:
    """What a database answers."""
    with psycopg.connect(url) as connection:
        return list(connection.execute(sql, values))


def history(url: str, feature_id: str) -> list[Any]:
    """Action, account, row before and row after of every edit of a feature."""
    sql = "SELECT action, edited_by, before, after FROM gis.feature_edits WHERE feature_id = %s ORDER BY id"
    return query(url, sql, feature_id)


def faults(answer: httpx.Response) -> dict[str, str]:
    """What an answer says is wrong, by member."""
    assert answer.status_code == 422, answer.text
    return {fault["member"]: fault["reason"] for fault in answer.json()["faults"]}
