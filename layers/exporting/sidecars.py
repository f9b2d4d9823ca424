"""Documents that tell of a file in a format without room for it: CSV on the Web, and ISO 19139."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from gis_core.crs import crs_uri
from gis_core.types import Text
from layers.dictionary import Term
from layers.exporting.metadata import Metadata

_DATATYPES: dict[str, Any] = {
    "number": "double",
    "whole number": "integer",
    "true/false": {"base": "boolean", "format": "True|False"},
    "time": "dateTimeStamp",
    "list of texts": "json",
}
_COORDINATES = {
    "lon": Text("Kinh độ", "Longitude"),
    "lat": Text("Vĩ độ", "Latitude"),
    "x": Text("Tọa độ đông", "Easting"),
    "y": Text("Tọa độ bắc", "Northing"),
    "wkt": Text("Hình học dạng WKT, x trước y", "Geometry as WKT, x before y"),
}


def csv_on_the_web(metadata: Metadata, file: str, header: tuple[str, ...]) -> str:
    """Metadata of a CSV file as JSON (W3C, Metadata Vocabulary for Tabular Data).

    Args:
        metadata: of the file.
        file: its name.
        header: the names of its columns, in their order.
    """
    layer = metadata.layer
    known = {term.column: term for term in metadata.columns}
    document = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "vi"}],
        "url": file,
        "dc:title": _both(layer.title),
        "dc:description": _both(layer.description),
        "dc:publisher": _both(layer.steward),
        "dc:rights": _both(metadata.terms),
        "dc:subject": list(layer.keywords),
        "dc:created": metadata.extracted_at.isoformat(),
        "dc:conformsTo": _crs_name(metadata),
        "schema:additionalProperty": [
            {"schema:name": name, "schema:value": value}
            for name, value in (
                ("bbox", None if metadata.bounds is None else ",".join(map(str, metadata.bounds))),
                ("datetime", metadata.interval),
                ("rows", metadata.rows),
                ("simulated_rows", metadata.simulated),
            )
            if value is not None
        ],
        "dialect": {"encoding": "utf-8", "header": True},
        "tableSchema": {
            "columns": [_column(name, known.get(name)) for name in header],
            "primaryKey": layer.id_column.name,
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _column(name: str, term: Term | None) -> dict[str, Any]:
    if term is None:
        of_wkt = name == "wkt"
        return {
            "name": name,
            "titles": name,
            "dc:description": _both(_COORDINATES[name]),
            "datatype": "string" if of_wkt else "double",
        }
    column: dict[str, Any] = {
        "name": name,
        "titles": name,
        "dc:description": _both(Text(term.meaning_vi, term.meaning_en)),
        "datatype": _DATATYPES.get(term.type, "string"),
    }
    if term.unit:
        column["schema:unitText"] = term.unit
    return column


def _both(text: Text) -> list[dict[str, str]]:
    return [{"@value": text.vi, "@language": "vi"}, {"@value": text.en, "@language": "en"}]


def _crs_name(metadata: Metadata) -> str:
    code = metadata.crs.to_epsg()
    return metadata.crs_code if code is None else crs_uri(code)


_GMD = "http://www.isotc211.org/2005/gmd"
_GCO = "http://www.isotc211.org/2005/gco"
_CODES = f"{_GMD.replace('gmd', 'resources')}/Codelist/gmxCodelists.xml"


def iso_19139(metadata: Metadata, names: dict[str, str]) -> bytes:
    """Metadata as an XML document of ISO 19115 in the encoding of ISO 19139.

    Args:
        metadata: of the file.
        names: what the file calls each of our columns.
    """
    ElementTree.register_namespace("gmd", _GMD)
    ElementTree.register_namespace("gco", _GCO)
    layer = metadata.layer
    root = ElementTree.Element(f"{{{_GMD}}}MD_Metadata")
    _text(root, "fileIdentifier", layer.name)
    _text(root, "language", "vie")
    _code(_put(root, "hierarchyLevel"), "MD_ScopeCode", "dataset")
    _party(_put(root, "contact"), layer.steward.both)
    _date_time(root, "dateStamp", metadata)
    system = _put(root, "referenceSystemInfo", "MD_ReferenceSystem", "referenceSystemIdentifier")
    _text(_put(system, "RS_Identifier"), "code", metadata.crs_code)
    about = _put(root, "identificationInfo", "MD_DataIdentification")
    citation = _put(about, "citation", "CI_Citation")
    _text(citation, "title", layer.title.both)
    date = _put(citation, "date", "CI_Date")
    _date_time(date, "date", metadata)
    _code(_put(date, "dateType"), "CI_DateTypeCode", "creation")
    _text(about, "abstract", f"{layer.description.vi}\n{layer.description.en}")
    _party(_put(about, "pointOfContact"), layer.steward.both)
    keywords = _put(about, "descriptiveKeywords", "MD_Keywords")
    for keyword in layer.keywords or (layer.name,):
        _text(keywords, "keyword", keyword)
    _text(_put(about, "resourceConstraints", "MD_Constraints"), "useLimitation", metadata.terms.both)
    _text(about, "language", "vie")
    _text(about, "supplementalInformation", _supplement(metadata, names))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _supplement(metadata: Metadata, names: dict[str, str]) -> str:
    """What the standard has no element for, a line each: the part taken, and the columns."""
    lines = [
        f"rows: {metadata.rows}",
        f"simulated rows: {metadata.simulated}",
        f"bbox: {'all' if metadata.bounds is None else ','.join(map(str, metadata.bounds))}",
        f"datetime: {metadata.interval or 'all'}",
    ]
    for term in metadata.columns:
        if term.column in names:
            unit = f" [{term.unit}]" if term.unit else ""
            lines.append(f"{names[term.column]} = {term.column}{unit}: {term.meaning_vi} / {term.meaning_en}")
    return "\n".join(lines)


def _put(parent: ElementTree.Element, *names: str) -> ElementTree.Element:
    for name in names:
        parent = ElementTree.SubElement(parent, f"{{{_GMD}}}{name}")
    return parent


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(_put(parent, name), f"{{{_GCO}}}CharacterString").text = text


def _date_time(parent: ElementTree.Element, name: str, metadata: Metadata) -> None:
    written = metadata.extracted_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    ElementTree.SubElement(_put(parent, name), f"{{{_GCO}}}DateTime").text = written


def _code(parent: ElementTree.Element, kind: str, value: str) -> None:
    code = _put(parent, kind)
    code.set("codeList", f"{_CODES}#{kind}")
    code.set("codeListValue", value)
    code.text = value


def _party(parent: ElementTree.Element, name: str) -> None:
    party = _put(parent, "CI_ResponsibleParty")
    _text(party, "organisationName", name)
    _code(_put(party, "role"), "CI_RoleCode", "custodian")
