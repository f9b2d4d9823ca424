"""Single features added, changed and removed by the people in charge of a layer.

Every edit is one transaction: its rows, the layer's new version and the entry in the history
(``layers.feature_edits``) stand together or not at all. Edits of one layer follow each other, so
that whoever names the version that they changed finds out that it is another one by now.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg import errors as pg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis_core.config import get_settings
from gis_core.crs import OutputCRS
from gis_core.db import writing
from gis_core.errors import (
    DatabaseUnavailableError,
    FeatureChangedError,
    FeatureConflictError,
    FeatureFault,
    InvalidFeatureError,
    RasterError,
    quoted,
)
from layers import cameras
from layers.base import Layer
from layers.edited_feature import changed_row, new_feature_id, new_row, read_feature_document
from layers.feature_edits import Action, record_edit, stored_row
from layers.feature_references import refuse_if_named
from layers.feature_versions import feature_version
from layers.read import read
from layers.status import change_status
from layers.store import put
from layers.subjects import STATUSES
from layers.versions import bump
from layers.viewsheds import compute_views

_log = logging.getLogger(__name__)

_LOCK_TIMEOUT_S = 5
_STATEMENT_TIMEOUT_S = 15

Expected = Collection[str] | Literal["any"] | None
"""The versions that a change may be made from: one of these, any that is there, or nothing said."""


class Saved(NamedTuple):
    """A feature after an edit: its identifier and its version."""

    feature_id: str
    version: str


def actions(layer: Layer, roles: Collection[str] | None = None) -> frozenset[Action]:
    """What these roles may do to features of a layer; without ``roles``, what any role may."""

    def allows(entitled: Collection[str]) -> bool:
        return bool(entitled) if roles is None else not set(roles).isdisjoint(entitled)

    if allows(layer.editors):
        return frozenset(("create", "replace", "update", "delete"))
    return frozenset(("update",) if allows(layer.status_set_by) else ())


@contextmanager
def editing() -> Iterator[Connection]:
    """The transaction of one edit; it waits for a load of the same layer, but not for long.

    Raises:
        DatabaseUnavailableError: the layer is being loaded.
        FeatureConflictError: the database holds to a rule that the edit would break.
    """
    try:
        with writing() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_S}s'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT_S}s'"))
            yield connection
    except DatabaseUnavailableError as error:
        cause = error.__cause__
        if isinstance(cause, DBAPIError) and isinstance(cause.orig, pg.LockNotAvailable):
            raise DatabaseUnavailableError(
                "The layer is being loaded at this moment; try again shortly."
            ) from error
        raise
    except DBAPIError as error:
        if isinstance(error.orig, pg.IntegrityError | pg.DataError):
            said = error.orig.diag.message_primary or "it breaks a rule"
            raise FeatureConflictError(f"The database refused the change: {said}.") from error
        raise


def create_feature(connection: Connection, layer: Layer, document: Any, *, crs: OutputCRS, by: str) -> Saved:
    """Add a feature; one that brings no identifier is given one.

    Args:
        connection: an ``editing`` transaction.
        layer: where it goes.
        document: a GeoJSON Feature.
        crs: what its coordinates are in.
        by: the account that adds it.

    Raises:
        InvalidFeatureError: it breaks rules of the layer.
        FeatureConflictError: the layer has a feature of that identifier.
    """
    given = read_feature_document(layer, document, crs, partly=False)
    bump(connection, layer.table.name)
    feature_id = given.feature_id or new_feature_id()
    if stored_row(connection, layer, feature_id) is not None:
        raise FeatureConflictError(f"Layer '{layer.name}' has a feature {quoted(feature_id)} already.")
    put(connection, layer, new_row(layer, feature_id, given, origin=by))
    _follow_up(connection, layer, feature_id)
    after = stored_row(connection, layer, feature_id)
    record_edit(connection, layer, feature_id, "create", by=by, before=None, after=after)
    return Saved(feature_id, feature_version(connection, layer, feature_id))


def change_feature(
    connection: Connection,
    layer: Layer,
    feature_id: str,
    document: Any,
    *,
    crs: OutputCRS,
    by: str,
    partly: bool,
    expected: Expected = None,
) -> Saved:
    """Replace a feature, or with ``partly`` change what a merge patch names of it.

    Of an event only the status changes, by way of its history.

    Raises:
        FeatureNotFoundError: there is no such feature.
        FeatureChangedError: its version is none of those that are expected.
        InvalidFeatureError: the result would break rules of the layer.
        StatusChangeError: the status may not follow the one before.
    """
    if layer.time_column is not None:
        return _change_status(connection, layer, feature_id, document, crs=crs, by=by, expected=expected)
    bump(connection, layer.table.name)
    _check_version(connection, layer, feature_id, expected)
    given = read_feature_document(layer, document, crs, partly=partly)
    if given.feature_id not in (None, feature_id):
        reason = f"the identifier stays {quoted(feature_id)}; remove the feature and add another instead"
        raise InvalidFeatureError([FeatureFault(layer.id_column.name, reason)])
    stored = read(connection, layer, layer.id_column == feature_id)
    before = stored_row(connection, layer, feature_id)
    put(connection, layer, changed_row(layer, stored, given, partly=partly))
    _follow_up(connection, layer, feature_id)
    after = stored_row(connection, layer, feature_id)
    if before != after:
        record_edit(
            connection,
            layer,
            feature_id,
            "update" if partly else "replace",
            by=by,
            before=before,
            after=after,
        )
    return Saved(feature_id, feature_version(connection, layer, feature_id))


def delete_feature(
    connection: Connection, layer: Layer, feature_id: str, by: str, *, expected: Expected = None
) -> None:
    """Remove a feature; the history keeps what it was.

    Raises:
        FeatureNotFoundError: there is no such feature.
        FeatureChangedError: its version is none of those that are expected.
        FeatureConflictError: features of other layers name it.
    """
    bump(connection, layer.table.name)
    _check_version(connection, layer, feature_id, expected)
    refuse_if_named(connection, layer, feature_id)
    before = stored_row(connection, layer, feature_id)
    connection.execute(layer.table.delete().where(layer.id_column == feature_id))
    record_edit(connection, layer, feature_id, "delete", by=by, before=before, after=None)


def _check_version(connection: Connection, layer: Layer, feature_id: str, expected: Expected) -> None:
    version = feature_version(connection, layer, feature_id, for_update=True)
    if expected not in (None, "any") and version not in expected:
        raise FeatureChangedError(layer.name, feature_id)


def _follow_up(connection: Connection, layer: Layer, feature_id: str) -> None:
    """Compute anew what is kept of a feature elsewhere: of a camera, the ground that it sees."""
    if layer is not cameras.LAYER:
        return
    try:
        compute_views(connection, get_settings(), [feature_id])
    except RasterError as error:
        # The flat cone stands in for the view until the terrain can be used again.
        _log.warning("the view of camera %s was not computed: %s", feature_id, error)


def _change_status(
    connection: Connection,
    layer: Layer,
    feature_id: str,
    document: Any,
    *,
    crs: OutputCRS,
    by: str,
    expected: Expected,
) -> Saved:
    _check_version(connection, layer, feature_id, expected)
    given = read_feature_document(layer, document, crs, partly=True)
    others = [name for name in given.properties if name != "status"]
    if given.shape is not None:
        others.append("geometry")
    if others:
        reason = "of an event only the status can be changed"
        raise InvalidFeatureError([FeatureFault(name, reason) for name in others])
    status = given.properties.get("status")
    if status not in STATUSES:
        raise InvalidFeatureError([FeatureFault("status", f"it must be one of {', '.join(STATUSES)}")])
    # Whoever has a version has an identifier that can be read.
    change_status(connection, UUID(feature_id), status, by)
    return Saved(feature_id, feature_version(connection, layer, feature_id))
