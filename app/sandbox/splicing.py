"""Finding elements in the raw octets of an XML file, so that text can be put into them.

A parser and a serializer would change octets that are not ours to change. The scan relies on what
the hardened reader has already refused: comments, CDATA, DOCTYPE and processing instructions.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TAG = re.compile(
    rb"<(?P<end>/?)(?P<name>[^\s/>!?]+)"
    rb"""(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(?P<empty>/?)>"""
)
"""A start tag, an end tag or an empty-element tag (XML 1.0 productions 40, 42 and 44)."""

_ID = re.compile(rb"""\sId\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the content of one element stands: the octets from `begin` to `end`.

    Attributes:
        name: the element's name.
        id: its attribute Id, "" where it has none.
        empty_tag: whether it is written as one empty-element tag; the octets are then its "/>".
    """

    name: str
    id: str
    begin: int
    end: int
    empty_tag: bool

    def replacement(self, content: bytes) -> bytes:
        """Write what has to stand from `begin` to `end` for the element to hold `content`."""
        return b">" + content + f"</{self.name}>".encode() if self.empty_tag else content


def find_places(xml: bytes, path: str) -> list[Place]:
    """Find the elements at an absolute location such as "/HOC_BA/PHAT_HANH_HOC_BA/CBQL".

    Args:
        xml: a document that the hardened reader took.
        path: names from the document element on, as they are written.
    """
    wanted = [name.encode() for name in path.split("/")[1:]]
    open_names: list[bytes] = []
    places = []
    start = None
    for tag in _TAG.finditer(xml):
        if not tag["end"]:
            open_names.append(tag["name"])
            if open_names == wanted:
                start = tag
        if tag["end"] or tag["empty"]:
            if open_names == wanted and start is not None:
                places.append(_place(start, tag))
            open_names.pop()
    return places


def spliced(xml: bytes, contents: Iterable[tuple[Place, bytes]]) -> bytes:
    """Give elements new content; every octet outside them stays.

    Args:
        xml: the document.
        contents: places in document order, each with its new content.
    """
    parts = []
    done = 0
    for place, content in contents:
        parts += [xml[done : place.begin], place.replacement(content)]
        done = place.end
    return b"".join((*parts, xml[done:]))


def _place(start: re.Match[bytes], end: re.Match[bytes]) -> Place:
    identifier = _ID.search(start[0])
    return Place(
        name=start["name"].decode(),
        id=identifier["value"].decode() if identifier else "",
        begin=start.start("empty") if start["empty"] else start.end(),
        end=end.end() if start["empty"] else end.start(),
        empty_tag=bool(start["empty"]),
    )
