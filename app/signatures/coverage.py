"""Which part of the content lies under which signatures (step 9)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

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
    over: dict[etree._Element, set[int]] = defaultdict(set)
    for place, signature in enumerate(intact):
        for target in signature.slot.targets:
            over[target].add(place)
    nodes, uncovered = [], []
    told: dict[frozenset[int], tuple[tuple[str, ...], bool]] = {}  # most parts lie under the same
    for part, places in _parts(document, over):
        if places not in told:
            slots = [intact[place].slot for place in sorted(places)]
            covered = needed <= {slot.rule.role for slot in slots}
            told[places] = tuple([slot.name for slot in slots]), covered
        names, covered = told[places]
        nodes.append((document.location_of(part), names))
        if not covered:
            uncovered.append(document.location_of(part))
    if not nodes:
        uncovered.append(document.profile.content)
    return Coverage(complete=not uncovered, nodes=tuple(nodes), uncovered=tuple(uncovered))


def _parts(
    document: Document, over: Mapping[etree._Element, set[int]]
) -> Iterator[tuple[etree._Element, frozenset[int]]]:
    """The content's children, and the subject lines, which have signatures of their own.

    With each the places of the signatures over it and over what lies above it.
    """
    lines = [rule.target.rsplit("/", 1)[-1] for rule in document.profile.slots if rule.joined_by]
    path = document.profile.content.split("/")[2:]
    content = document.root.find("/".join(path))
    if content is None:
        return
    above = (content, *content.iterancestors())
    whole = frozenset[int]().union(*(over[node] for node in above if node in over))
    for child in content:
        here = whole | over[child] if child in over else whole
        yield child, here
        for name in lines:
            for line in child.iterchildren(name):
                yield line, here | over[line] if line in over else here
