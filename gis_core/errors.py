"""Every error the service raises on purpose.

The message is one sentence for the person who can act on it. Status codes and
exit codes are given to these classes elsewhere, in one table each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


def quoted(text: str, longest: int = 60) -> str:
    """Text from outside as a sentence names it: in quotes, and cut where it is long."""
    return f"'{text}'" if len(text) <= longest else f"'{text[:longest]}…'"


class GisError(Exception):
    """Something the user can understand and mend; its text is one plain sentence."""


class ConfigError(GisError):
    """A setting is missing, misspelt or out of its range."""


class LayerNotFoundError(GisError):
    """No layer or surface of that name exists."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"There is no layer {quoted(name)}; the layers are: {', '.join(known)}.")


class FeatureNotFoundError(GisError):
    """The layer holds no feature with that identifier."""

    def __init__(self, layer: str, feature_id: str) -> None:
        self.layer = layer
        self.feature_id = feature_id
        super().__init__(f"Layer '{layer}' has no feature {quoted(feature_id)}.")


class ProcessNotFoundError(GisError):
    """No process of that name exists."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        super().__init__(f"There is no process {quoted(name)}; the processes are: {', '.join(known)}.")


class JobNotFoundError(GisError):
    """No job of that identifier exists, or it belongs to somebody else."""


class JobNotFinishedError(GisError):
    """The job has no results yet."""


class QueueFullError(GisError):
    """Too much work waits already; ``retry_after_s`` is when to ask again."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class InvalidParameterError(GisError):
    """A request asked for something that cannot be answered as it was written."""

    def __init__(self, parameter: str, reason: str) -> None:
        self.parameter = parameter
        super().__init__(f"Parameter {quoted(parameter)}: {reason}")


class IngestError(GisError):
    """A source, or one row of it, cannot become features.

    ``row`` counts features or lines from 1 and is None where the whole source is meant.
    """

    def __init__(self, source: str, row: int | None, reason: str) -> None:
        self.source = source
        self.row = row
        self.reason = reason
        where = source if row is None else f"{source}, row {row}"
        super().__init__(f"{where}: {reason}")


class CRSMismatchError(GisError):
    """Coordinates lack a reference system, or have one that does not fit."""


class StatusChangeError(GisError):
    """The status of a detection cannot change in this way."""


class GeoreferenceError(GisError):
    """A pixel or a pose does not give a position on the ground."""


class DetectorError(GisError):
    """A detector cannot run on what it was given."""


class RasterError(GisError):
    """A raster cannot be used for what was asked of it."""


class SurfaceNotBuiltError(GisError):
    """The surface is declared but has not been built yet."""


class NoSurfaceThenError(SurfaceNotBuiltError):
    """The surface has been built, but none is kept of so long ago."""


class DatabaseUnavailableError(GisError):
    """The database does not answer."""


class BusyError(GisError):
    """The service has too much to do for whoever asks, or for anybody."""


class QueryTimeoutError(GisError):
    """A query was stopped because it ran past the statement timeout."""


class SourceUnavailableError(GisError):
    """A source of other people's data is out of reach, or answers with what cannot be used.

    ``retry_after_s`` is how long it asks to be left alone, None where it does not say.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class AccessDeniedError(GisError):
    """Whoever asks is not entitled to the answer."""


class NotAuthenticatedError(GisError):
    """Whoever asks must say who they are, or said it wrongly."""


class TooManyFailuresError(GisError):
    """Too many wrong credentials came from one place; ``retry_after_s`` is how long it has to wait."""

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("Too many wrong names or tokens came from your address; wait a while and try again.")


class FeatureFault(NamedTuple):
    """What is wrong with one member of a feature: ``geometry``, ``id`` or a property, and why."""

    member: str
    reason: str


class InvalidFeatureError(GisError):
    """A feature that is brought in breaks rules of its layer; every one of them is said."""

    def __init__(self, faults: Sequence[FeatureFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.member}: {fault.reason}" for fault in self.faults) + ".")


class FeatureConflictError(GisError):
    """A change does not go together with what other features say."""


class FeatureChangedError(GisError):
    """Somebody else changed the feature after it was read."""

    def __init__(self, layer: str, feature_id: str) -> None:
        super().__init__(
            f"Feature {quoted(feature_id)} of layer '{layer}' has changed since you read it; "
            "read it again and repeat your change."
        )
