"""Labelled pictures as COCO describes them: read and checked before a training or an evaluation begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from gis_core.errors import DetectorError


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Picture(_Entry):
    """One picture of the set; ``file_name`` is relative to the folder of pictures."""

    id: int
    file_name: str = Field(min_length=1)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class Category(_Entry):
    """One class of the set."""

    id: int
    name: str = Field(min_length=1, max_length=100)


class Annotation(_Entry):
    """One labelled thing; ``bbox`` is left, top, width and height in pixels of the picture.

    What is marked as a crowd is neither asked for nor held against a finding.
    """

    image_id: int
    category_id: int
    bbox: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
    iscrowd: int = Field(default=0, ge=0, le=1)


class _Coco(_Entry):
    images: list[Picture] = Field(min_length=1)
    categories: list[Category] = Field(min_length=1)
    annotations: list[Annotation]


class Labels(NamedTuple):
    """A checked COCO file and where its pictures lie."""

    file: Path
    folder: Path
    categories: tuple[Category, ...]
    pictures: tuple[Picture, ...]
    annotations: tuple[Annotation, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their numbers."""
        return tuple(category.name for category in self.categories)

    def as_coco(self) -> dict[str, Any]:
        """The labels with every field that readers of COCO ask for, also those one may leave out."""
        return {
            "images": [picture.model_dump() for picture in self.pictures],
            "categories": [category.model_dump() for category in self.categories],
            "annotations": [
                annotation.model_dump(mode="json")
                | {"id": number, "area": annotation.bbox[2] * annotation.bbox[3]}
                for number, annotation in enumerate(self.annotations, 1)
            ],
        }


def read_labels(file: Path, folder: Path | None = None) -> Labels:
    """Read a COCO file of boxes.

    Args:
        file: the JSON file.
        folder: where its pictures lie; by default the folder of the file.

    Raises:
        DetectorError: the file is no COCO file, names a picture that is not there, or has a
            box without picture or class.
    """
    folder = file.parent if folder is None else folder
    try:
        coco = _Coco.model_validate_json(file.read_bytes())
    except OSError as error:
        raise DetectorError(f"The labels {file} cannot be read ({error.strerror}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise DetectorError(f"{file.name} is no COCO file of boxes: {place}: {first['msg']}.") from error
    _check(file.name, coco, folder)
    categories = tuple(sorted(coco.categories, key=lambda category: category.id))
    return Labels(file, folder, categories, tuple(coco.images), tuple(coco.annotations))


def _check(name: str, coco: _Coco, folder: Path) -> None:
    ids = {picture.id for picture in coco.images}
    categories = {category.id for category in coco.categories}
    if len({category.name for category in coco.categories}) != len(coco.categories):
        raise DetectorError(f"{name} names a class twice.")
    for number, annotation in enumerate(coco.annotations):
        if annotation.image_id not in ids or annotation.category_id not in categories:
            raise DetectorError(
                f"{name}: annotation {number} has a picture or a class that the file does not list."
            )
    root = folder.resolve()
    for picture in coco.images:
        path = (root / picture.file_name).resolve()
        if not path.is_relative_to(root):
            raise DetectorError(f"{name}: the picture {picture.file_name} lies outside {folder}.")
        if not path.is_file():
            raise DetectorError(f"{name}: there is no picture {picture.file_name} in {folder}.")
