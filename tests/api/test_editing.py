"""Editing over HTTP: who may, and that nobody overwrites what they never saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import psycopg
import pytest

from tests.conftest import RunningService, serving
from tests.editing import (
    ACCOUNTS,
    DETECTIONS,
    EDITOR,
    GEOJSON,
    GUEST,
    HUB,
    HUE,
    PATCH,
    SECOND_EDITOR,
    SPOTS,
    add,
    faults,
    history,
    new_spot,
    query,
    spot,
)


@pytest.fixture
def reader(edited_service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edited_service.base_url, timeout=30) as client:
        yield client


def test_a_feature_is_added_changed_and_removed(editor: httpx.Client, edited: str) -> None:
    answer = add(editor, SPOTS, spot("FS-1"))
    address = answer.headers["location"]
    assert address.endswith(f"{SPOTS}/FS-1")
    stored = editor.get(address)
    assert stored.headers["etag"] == answer.headers["etag"]
    assert stored.json()["geometry"]["coordinates"] == HUE
    expected = {"name": "Ngã Sáu", "camera_code": None, "ground_elevation_m": 2.5}
    assert stored.json()["properties"] == expected | {"origin": "civil", "simulated": False}

    changed = editor.patch(address, json={"properties": {"ground_elevation_m": 3}}, headers=PATCH)
    assert changed.status_code == 204
    assert changed.headers["etag"] != answer.headers["etag"]
    assert editor.get(address).json()["properties"]["ground_elevation_m"] == 3
    assert editor.get(address).json()["properties"]["name"] == "Ngã Sáu"

    # A replacement says everything: what it leaves out is gone.
    replacement = spot("FS-1", [107.6, 16.47], name="Ngã Bảy", ground_elevation_m=None)
    assert editor.put(address, json=replacement, headers=GEOJSON).status_code == 204
    assert editor.get(address).json()["properties"]["ground_elevation_m"] is None
    assert editor.get(address).json()["geometry"]["coordinates"] == [107.6, 16.47]

    assert editor.delete(address).status_code == 204
    assert editor.get(address).status_code == 404
    assert editor.delete(address).status_code == 404
    kept = history(edited, "FS-1")
    assert [(action, by) for action, by, _, _ in kept] == [
        ("create", "civil"), ("update", "civil"), ("replace", "civil"), ("delete", "civil"),
    ]  # fmt: skip
    assert kept[1][2]["ground_elevation_m"] == 2.5
    assert kept[1][3]["ground_elevation_m"] == 3
    assert kept[3][2]["geom"]["coordinates"] == [107.6, 16.47]
    assert kept[0][2] is kept[3][3] is None


def test_a_feature_without_an_identifier_is_given_one(editor: httpx.Client) -> None:
    first, second = new_spot(editor)[0], new_spot(editor)[0]
    assert first != second
    assert editor.get(first).json()["id"] == first.rpartition("/")[2]


def test_the_identifier_may_be_a_property_and_hold_any_sign(editor: httpx.Client) -> None:
    feature = spot() | {"properties": {"code": "Điểm 1/2 #?", "name": "Cầu"}}
    address = add(editor, SPOTS, feature).headers["location"]
    assert editor.get(address).json()["id"] == "Điểm 1/2 #?"


def test_methods_are_told_by_role(edited_service: RunningService) -> None:
    def allowed(path: str, auth: tuple[str, str] | None) -> str:
        return httpx.options(f"{edited_service.base_url}{path}", auth=auth).headers["allow"]

    reading = "GET, HEAD, OPTIONS"
    assert allowed(SPOTS, None) == allowed(SPOTS, GUEST) == allowed(f"{SPOTS}/x", GUEST) == reading
    assert allowed(SPOTS, EDITOR) == f"{reading}, POST"
    assert allowed(f"{SPOTS}/x", EDITOR) == f"{reading}, PUT, PATCH, DELETE"
    assert allowed(DETECTIONS, EDITOR) == reading
    assert allowed(f"{DETECTIONS}/x", EDITOR) == f"{reading}, PATCH"
    for follows_from_others in ("camera_views", "observations", "status_changes", "detection_ellipses"):
        assert allowed(f"/ogc/collections/{follows_from_others}/items/x", EDITOR) == reading


def test_who_may_not_is_told_why(edited_service: RunningService, reader: httpx.Client) -> None:
    body = json.dumps(spot("FS-refused"))
    nobody = reader.post(SPOTS, content=body, headers=GEOJSON)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "NotAuthenticated")
    assert nobody.headers["www-authenticate"].startswith("Basic ")
    guest = reader.post(SPOTS, content=body, headers=GEOJSON, auth=GUEST)
    assert (guest.status_code, guest.json()["code"]) == (403, "AccessDenied")
    assert "intern" in guest.json()["description"]
    wrong = reader.post(SPOTS, content=body, headers=GEOJSON, auth=("civil", "guess"))
    assert wrong.status_code == 401
    # Whoever believes to be an editor learns of a mistake before an hour of work.
    assert reader.get(SPOTS, auth=("civil", "guess")).status_code == 401
    assert reader.options(SPOTS, auth=("civil", "guess")).status_code == 401
    token = {"Authorization": "Bearer sesame"}
    assert reader.get(SPOTS, headers=token).status_code == 200
    impossible = reader.put(SPOTS, content=body, headers=GEOJSON, auth=EDITOR)
    assert (impossible.status_code, impossible.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert reader.get(f"{SPOTS}/FS-refused").status_code == 404


def test_whoever_guesses_is_not_listened_to(edited_service: RunningService) -> None:
    settings = {"HUEGIS_ACCESS__ACCOUNTS": ACCOUNTS, "HUEGIS_ACCESS__MAX_FAILURES": "3"}
    with (
        serving(edited_service.place, **settings) as service,
        httpx.Client(base_url=service.base_url) as client,
    ):
        for guess in ("a", "b", "c"):
            assert client.delete(f"{SPOTS}/x", auth=("civil", guess)).status_code == 401
        refused = client.delete(f"{SPOTS}/x", auth=EDITOR)
        assert (refused.status_code, refused.json()["code"]) == (429, "TooManyRequests")
        assert 0 < int(refused.headers["retry-after"]) <= 300
        assert client.get(SPOTS).status_code == 200


def test_a_taken_identifier_is_a_conflict(editor: httpx.Client) -> None:
    add(editor, SPOTS, spot("FS-taken"))
    again = editor.post(SPOTS, content=json.dumps(spot("FS-taken", name="Khác")), headers=GEOJSON)
    assert (again.status_code, again.json()["code"]) == (409, "Conflict")
    assert editor.get(f"{SPOTS}/FS-taken").json()["properties"]["name"] == "Ngã Sáu"


def test_only_what_was_seen_is_changed(editor: httpx.Client) -> None:
    address, first = new_spot(editor)
    english = editor.get(f"{address}?lang=en&crs=EPSG:9214").headers["etag"]
    assert english != first
    rename = {"properties": {"name": "Khác"}}
    second = editor.patch(address, json=rename, headers=PATCH | {"If-Match": english})
    assert second.status_code == 204
    for stale in (first, english, 'W/"x"', ""):
        for send in (
            lambda headers: editor.patch(address, json=rename, headers=PATCH | headers),
            lambda headers: editor.put(address, json=spot(), headers=GEOJSON | headers),
            lambda headers: editor.delete(address, headers=headers),
        ):
            answer = send({"If-Match": stale})
            assert (answer.status_code, answer.json()["code"]) == (412, "PreconditionFailed")
    now = {"If-Match": f'"other", {second.headers["etag"]}'}
    assert editor.delete(address, headers=now).status_code == 204


def test_an_answer_that_is_known_is_not_sent_again(reader: httpx.Client, editor: httpx.Client) -> None:
    address, tag = new_spot(editor)
    known = reader.get(address, headers={"If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert reader.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_where_versions_must_be_named(edited_service: RunningService) -> None:
    settings = {"HUEGIS_ACCESS__ACCOUNTS": ACCOUNTS, "HUEGIS_ACCESS__REQUIRE_IF_MATCH": "true"}
    with (
        serving(edited_service.place, **settings) as service,
        httpx.Client(base_url=service.base_url, auth=EDITOR) as client,
    ):
        address, tag = new_spot(client)
        refused = client.delete(address)
        assert (refused.status_code, refused.json()["code"]) == (428, "PreconditionRequired")
        assert client.delete(address, headers={"If-Match": tag}).status_code == 204


def test_of_two_editors_one_loses_and_learns_of_it(edited_service: RunningService, edited: str) -> None:
    """Both have read the same version and send at the same moment, twenty times over."""

    def send(auth: tuple[str, str], address: str, tag: str, start: Barrier) -> int:
        with httpx.Client(auth=auth, timeout=30) as client:
            start.wait()
            return client.patch(
                address,
                json={"properties": {"name": auth[0], "camera_code": auth[0]}},
                headers=PATCH | {"If-Match": tag},
            ).status_code

    editors = [EDITOR, SECOND_EDITOR]
    with httpx.Client(base_url=edited_service.base_url, auth=EDITOR) as client, ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            address, tag = new_spot(client)
            start = Barrier(2)
            statuses = list(pool.map(lambda auth: send(auth, address, tag, start), editors))  # noqa: B023
            assert sorted(statuses) == [204, 412]
            winner = editors[statuses.index(204)][0]
            stored = client.get(address).json()
            assert stored["properties"]["name"] == stored["properties"]["camera_code"] == winner
            assert [by for _, by, _, _ in history(edited, stored["id"])] == ["civil", winner]


def test_the_layer_has_a_new_version_after_every_edit(editor: httpx.Client, edited: str) -> None:
    def version() -> int:
        found = query(edited, "SELECT version FROM gis.layer_versions WHERE layer = 'flood_spots'")
        return int(found[0][0]) if found else 0

    seen = [version()]
    address, _ = new_spot(editor)
    seen.append(version())
    editor.patch(address, json={"properties": {"name": "Khác"}}, headers=PATCH)
    seen.append(version())
    editor.delete(address)
    seen.append(version())
    assert seen == sorted(set(seen))
    editor.delete(address)
    assert version() == seen[-1]


def test_a_layer_that_is_being_loaded_keeps_nobody_waiting_for_ever(
    editor: httpx.Client, edited: str
) -> None:
    address, tag = new_spot(editor)
    with psycopg.connect(edited) as loading:
        loading.execute("SELECT FROM gis.layer_versions WHERE layer = 'flood_spots' FOR UPDATE")
        answer = editor.patch(address, json={"properties": {"name": "Khác"}}, headers=PATCH)
        assert (answer.status_code, answer.json()["code"]) == (503, "ServiceUnavailable")
        assert "being loaded" in answer.json()["description"]
    assert editor.get(address).headers["etag"] == tag


def test_the_status_of_a_detection_changes_by_its_history(editor: httpx.Client, edited: str) -> None:
    alarm = {
        "lon": 107.5, "lat": 16.3, "detected_at": "2025-10-27T20:00:00+07:00", "subject": "forest_fire",
        "class_name": "smoke", "steward_agency": "Chi cục Kiểm lâm", "confidence": 0.9, "id": "a",
    }  # fmt: skip
    pushed = httpx.post(f"{editor.base_url}/collect/detections", json=[alarm], headers=HUB)
    assert pushed.json()["accepted"] == 1, pushed.text
    address = f"{DETECTIONS}/{editor.get(DETECTIONS).json()['features'][0]['id']}"
    tag = editor.get(address).headers["etag"]
    verify = {"properties": {"status": "verified"}}
    done = editor.patch(address, json=verify, headers=PATCH | {"If-Match": tag})
    assert done.status_code == 204, done.text
    assert editor.get(address).json()["properties"]["status"] == "verified"
    assert query(edited, "SELECT from_status, to_status, changed_by FROM gis.status_changes") == [
        ("suspected", "verified", "civil")
    ]
    assert editor.patch(address, json=verify, headers=PATCH).status_code == 409
    assert editor.patch(address, json=verify, headers=PATCH | {"If-Match": tag}).status_code == 412
    assert "status" in faults(editor.patch(address, json={"properties": {"status": "?"}}, headers=PATCH))
    assert "confidence" in faults(
        editor.patch(address, json={"properties": {"confidence": 1}}, headers=PATCH)
    )
    assert editor.delete(address).status_code == 405
    assert editor.patch(f"{DETECTIONS}/7", json=verify, headers=PATCH).status_code == 404


def test_history_cannot_be_altered(editor: httpx.Client, edited: str) -> None:
    new_spot(editor)
    for statement in ("DELETE FROM gis.feature_edits", "UPDATE gis.feature_edits SET edited_by = 'x'"):
        with (
            psycopg.connect(edited) as connection,
            pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="neither altered nor removed"),
        ):
            connection.execute(statement)


def test_documents_say_what_an_editor_may(reader: httpx.Client) -> None:
    classes = reader.get("/ogc/conformance").json()["conformsTo"]
    part = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf"
    assert {f"{part}/create-replace-delete", f"{part}/update", f"{part}/optimistic-locking-etags"} <= {
        *classes
    }
    paths = reader.get("/ogc/openapi").json()["paths"]
    assert set(paths["/collections/flood_spots/items"]) == {"get", "post"}
    assert set(paths["/collections/flood_spots/items/{featureId}"]) == {"get", "put", "patch", "delete"}
    assert set(paths["/collections/detections/items/{featureId}"]) == {"get", "patch"}
    assert set(paths["/collections/camera_views/items/{featureId}"]) == {"get"}
    schema = reader.get("/ogc/collections/flood_spots/schema").json()
    assert schema["required"] == ["name"]
    assert schema["properties"]["origin"]["readOnly"] is True
    assert "readOnly" not in schema["properties"]["name"]


def test_without_accounts_nothing_is_offered(edited_service: RunningService) -> None:
    with serving(edited_service.place) as service, httpx.Client(base_url=service.base_url) as client:
        assert client.options(SPOTS, auth=EDITOR).headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.post(SPOTS, json=spot(), headers=GEOJSON, auth=EDITOR).status_code == 405
        assert not [one for one in client.get("/ogc/conformance").json()["conformsTo"] if "features-4" in one]
        assert set(client.get("/ogc/openapi").json()["paths"]["/collections/flood_spots/items"]) == {"get"}
