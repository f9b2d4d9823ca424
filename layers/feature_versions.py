"""The version of one feature: another one whenever anything of its row is, and the same one until then."""

from __future__ import annotations

from sqlalchemy import Connection, Select, cast, func, select
from sqlalchemy import Text as SqlText

from gis_core.errors import FeatureNotFoundError, InvalidParameterError
from layers.base import Layer
from layers.filters import parse_value


def feature_version(
    connection: Connection, layer: Layer, feature_id: str, *, for_update: bool = False
) -> str:
    """A digest of the stored row, hexadecimal; ``for_update`` keeps others from changing it meanwhile.

    Raises:
        FeatureNotFoundError: no feature has that identifier, or none ever could.
    """
    try:
        identifier = parse_value(layer.id_column, feature_id)
    except InvalidParameterError as error:
        raise FeatureNotFoundError(layer.name, feature_id) from error
    row = cast(layer.table.table_valued(), SqlText)
    query: Select[str] = (
        select(func.md5(row, type_=SqlText))
        .select_from(layer.table)
        .where(layer.id_column == identifier, *layer.membership)
    )
    found = connection.execute(query.with_for_update() if for_update else query).scalar_one_or_none()
    if found is None:
        raise FeatureNotFoundError(layer.name, feature_id)
    return found
