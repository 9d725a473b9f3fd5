"""Which part of the content lies under which signatures (step 9)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lxml import etree

from app.signatures.check import CheckedSignature
from app.signatures.report import Coverage
from app.transcripts.document import Document


def map_coverage(document: Document, signatures: Iterable[CheckedSignature]) -> Coverage:
    """List the parts of the content with the intact signatures over each.

    A part is covered when every signature that stands alone for the whole (homeroom teacher,
    principal, school; for a package its sender) is over it.
    """
    intact = [signature for signature in signatures if signature.intact]
    needed = {
        rule.role for rule in document.profile.slots if rule.joined_by is None and rule.required
    }
    places_by_target: dict[etree._Element, list[int]] = defaultdict(list)
    for place, signature in enumerate(intact):
        for target in signature.slot.targets:
            places_by_target[target].append(place)
    nodes, uncovered = [], []
    for part in _parts(document):
        line = (part, *part.iterancestors())
        places = {place for node in line for place in places_by_target.get(node, ())}
        over = [intact[place].slot for place in sorted(places)]
        nodes.append((document.location_of(part), tuple(slot.name for slot in over)))
        if not needed <= {slot.rule.role for slot in over}:
            uncovered.append(document.location_of(part))
    if not nodes:
        uncovered.append(document.profile.content)
    return Coverage(complete=not uncovered, nodes=tuple(nodes), uncovered=tuple(uncovered))


def _parts(document: Document) -> Iterator[etree._Element]:
    """The content's children, and the subject lines, which have signatures of their own."""
    lines = [rule.target.rsplit("/", 1)[-1] for rule in document.profile.slots if rule.joined_by]
    path = document.profile.content.split("/")[2:]
    content = document.root.find("/".join(path))
    if content is None:
        return
    for child in content:
        yield child
        for line in lines:
            yield from child.iterchildren(line)
