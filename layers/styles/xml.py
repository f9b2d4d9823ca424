"""XML by the standard library's tree, which escapes whatever texts and attributes hold."""

from __future__ import annotations

from xml.etree.ElementTree import Element, indent, tostring


def node(tag: str, /, *children: Element, text: str | None = None, **attributes: str) -> Element:
    """An element with its attributes, its text and its children."""
    made = Element(tag, attributes)
    made.text = text
    made.extend(children)
    return made


def options(values: dict[str, str]) -> Element:
    """QGIS's map of options, each of them a text."""
    return node(
        "Option", *(node("Option", name=n, value=v, type="QString") for n, v in values.items()), type="Map"
    )


def document(root: Element, doctype: str = "") -> bytes:
    """The whole document in UTF-8."""
    indent(root)
    head = f"<?xml version='1.0' encoding='UTF-8'?>\n{doctype}".rstrip("\n")
    return f"{head}\n{tostring(root, encoding='unicode')}\n".encode()
