"""The AI solutions of the settings: checked, and chosen for a camera."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from detectors.models import SHIPPED
from gis_core.config import Settings
from gis_core.errors import ConfigError, DetectorError, quoted
from gis_core.solutions import Cameras, Solution
from layers.cameras import Camera
from layers.subjects import SUBJECTS

Solutions = Mapping[str, Solution]
"""Solutions by name, in the order of the settings."""

_PURPOSES: tuple[str, ...] = tuple(Camera.__table__.c.purpose.type.enums)  # type: ignore[attr-defined]


def catalogue(settings: Settings) -> Solutions:
    """Every solution of the settings, whether it can run or not.

    Raises:
        ConfigError: a solution names a subject, a model or a purpose of cameras that is not there.
    """
    for name, solution in settings.solutions.items():
        if solution.subject not in SUBJECTS:
            raise ConfigError(
                f"Solution {name}: there is no subject {quoted(solution.subject)}; "
                f"the subjects are: {', '.join(SUBJECTS)}."
            )
        if solution.detector is not None and solution.detector not in settings.detectors.models:
            raise ConfigError(
                f"Solution {name}: there is no model {quoted(solution.detector)}; the setting "
                f"detectors.models has: {', '.join(settings.detectors.models)}."
            )
        purposes = solution.cameras.purposes if isinstance(solution.cameras, Cameras) else ()
        for purpose in purposes:
            if purpose not in _PURPOSES:
                raise ConfigError(
                    f"Solution {name}: cameras have no purpose {quoted(purpose)}; "
                    f"the purposes are: {', '.join(_PURPOSES)}."
                )
    return settings.solutions


def named(settings: Settings, names: Iterable[str]) -> Solutions:
    """Solutions by their names, all of which can run.

    Raises:
        ConfigError: there is none of a name.
        DetectorError: one of them waits for the agency's own model.
    """
    known, chosen = catalogue(settings), {}
    for name in names:
        if name not in known:
            raise ConfigError(f"There is no solution {quoted(name)}; see 'huegis detect solutions'.")
        if known[name].detector is None:
            raise DetectorError(
                f"Solution {name} needs a model that tells {_listed(known[name].classes)}, which the shipped "
                "weights do not: name the agency's own under detectors.models and as its detector."
            )
        chosen[name] = known[name]
    return chosen


def running_on(solutions: Solutions, camera_code: str, purpose: str, stated: Iterable[str]) -> Solutions:
    """Of these solutions, those with a model that run on a camera.

    Args:
        solutions: to choose from.
        camera_code: the camera.
        purpose: its main purpose.
        stated: the solutions that its row in layer ``cameras`` lists.
    """
    listed = frozenset(stated)

    def runs(name: str, wanted: object) -> bool:
        if isinstance(wanted, Cameras):
            return purpose in wanted.purposes or camera_code in wanted.codes
        return wanted == "all" or name in listed

    return {
        name: solution
        for name, solution in solutions.items()
        if solution.detector is not None and runs(name, solution.cameras)
    }


def state_of(solution: Solution, settings: Settings) -> str:
    """Whether a solution can run, in a few words."""
    if solution.detector is None:
        return f"waits for a model that tells {_listed(solution.classes)}"
    model = settings.detectors.models[solution.detector]
    if model.checkpoint is None and not SHIPPED[model.runtime].is_file():
        return "its weights are missing"
    return "ready"


def check_classes(solutions: Solutions, model: str, classes: tuple[str, ...]) -> None:
    """Hold solutions against what their model tells apart.

    Raises:
        DetectorError: a solution takes a class that the model does not know.
    """
    for name, solution in solutions.items():
        unknown = [one for one in solution.classes if one not in classes]
        if solution.detector == model and unknown:
            raise DetectorError(
                f"Solution {name} takes {_listed(tuple(unknown))}, but model {model} tells apart "
                f"{', '.join(classes)}."
            )


def _listed(classes: tuple[str, ...]) -> str:
    return " and ".join(classes) if len(classes) < 3 else f"{', '.join(classes[:-1])} and {classes[-1]}"
