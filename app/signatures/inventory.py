"""Which signatures a document must carry, and which it does (step 6).

The required slots are computed from the signed content, the subject lines, and never by counting
the signatures that are there: removing one leaves all others valid.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from app.engine import quick
from app.signatures.algorithms import DS
from app.signatures.failure import found
from app.transcripts.document import Document
from app.transcripts.finding import Finding
from app.transcripts.profile import Role, SlotRule
from app.transcripts.xml import source_line

_SIGNATURE = f"{{{DS}}}Signature"
_HOLDER_NAMES = {
    Role.HOMEROOM_TEACHER: "GVCN/HO_VA_TEN",
    Role.PRINCIPAL: "GIAM_HIEU_KY_HOC_BA/HO_VA_TEN",
    Role.SCHOOL: "CO_SO_GIAO_DUC/TEN_CO_SO_GIAO_DUC",
    Role.PACKAGE: "NOI_TAO_BAN_TIN/TEN_CO_QUAN_DON_VI",
}
"""Where the content names the holder of a slot that no join key ties to a line."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place for one signature.

    Attributes:
        name: "GVBM[9115131060]", "GVCN", "CBQL", "KY_PHAT_HANH" or "KY_PHAT_HANH_GOI_TIN".
        xpath: where it stands, or must stand.
        holder: the name that the content gives for it.
        targets: the elements that its signature must reference.
        covers: their locations.
        signature: the only `ds:Signature` in it; None when it is absent or not single.
    """

    rule: SlotRule
    name: str
    xpath: str
    holder: str | None
    targets: tuple[etree._Element, ...]
    covers: tuple[str, ...]
    signature: etree._Element | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All slots in the order of signing, and what is missing, extra or double."""

    slots: tuple[Slot, ...]
    findings: tuple[Finding, ...]


def take_inventory(document: Document) -> Inventory:
    """List the slots that content and profile demand and match them with what is there.

    A slot that may stay empty and is empty is told by a finding and not listed: nothing there can
    pass or fail.
    """
    findings: list[Finding] = []
    slots = [
        slot for rule in document.profile.slots for slot in _slots_of(rule, document, findings)
    ]
    spared = {finding.slot for finding in findings if finding.code == "SIG-203"}
    slots = [slot for slot in slots if slot.name not in spared]
    expected = {slot.signature for slot in slots if slot.signature is not None}
    counted = {finding.xpath for finding in findings}
    for signature in document.root.iter(_SIGNATURE):
        if signature in expected:
            continue
        parent = signature.getparent()
        if parent is None or document.location_of(parent) not in counted:
            findings.append(found("SIG-201", element=signature))
    return Inventory(slots=tuple(slots), findings=tuple(findings))


def _at(document: Document, path: str) -> list[etree._Element]:
    root, _, rest = path.lstrip("/").partition("/")
    if document.root.tag != root:
        return []
    return document.root.findall(rest) if rest else [document.root]


def _slots_of(rule: SlotRule, document: Document, findings: list[Finding]) -> Iterator[Slot]:
    targets = _at(document, rule.target)
    places = _at(document, rule.path)
    filling = _Filling(rule=rule, document=document, findings=findings)
    if rule.joined_by is None:
        yield filling.slot(rule.role.value, places, targets)
        return
    lines: dict[str, list[etree._Element]] = defaultdict(list)
    for line in targets:
        holder = line.find(rule.joined_by)
        if holder is not None or rule.required:
            lines["" if holder is None else holder.get("Id", "")].append(line)
    by_id: dict[str, list[etree._Element]] = defaultdict(list)
    for place in places:
        by_id[place.get("Id", "")].append(place)
    for person, named in lines.items():
        yield filling.slot(f"{rule.role}[{person}]", by_id.pop(person, []), named)
    for person, stray in by_id.items():
        name = f"{rule.role}[{person}]"
        findings += [found("SIG-201", slot=name, element=place) for place in stray]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filling:
    """Fills the slots of one rule from one document; `findings` grow on the way."""

    rule: SlotRule
    document: Document
    findings: list[Finding]

    def slot(self, name: str, places: list[etree._Element], targets: list[etree._Element]) -> Slot:
        rule, locate = self.rule, self.document.location_of
        signatures = [child for place in places for child in place.findall(_SIGNATURE)]
        xpath = locate(places[0]) if places else rule.path
        if len(places) > 1 or len(signatures) > 1:
            self._find("SIG-202", name, xpath, places)
        elif not signatures:
            self._find("SIG-200" if rule.required else "SIG-203", name, xpath, places)
        return Slot(
            rule=rule,
            name=name,
            xpath=xpath,
            holder=_holder(rule, targets),
            targets=tuple(targets),
            covers=tuple([locate(target) for target in targets]),
            signature=signatures[0] if len(places) == len(signatures) == 1 else None,
        )

    def _find(self, code: str, name: str, xpath: str, places: list[etree._Element]) -> None:
        line = source_line(places[0]) if places else None
        self.findings.append(Finding(code=code, slot=name, xpath=xpath, line=line))


def _holder(rule: SlotRule, targets: list[etree._Element]) -> str | None:
    if not targets:
        return None
    if rule.joined_by is None:
        path = _HOLDER_NAMES[rule.role]
        return _text_at(path, targets[0]) or _text_at(f"*/{path}", targets[0])
    return _text_at(f"{rule.joined_by}/HO_VA_TEN", targets[0])


def _text_at(path: str, start: etree._Element) -> str | None:
    found = start.find(path)
    return None if found is None else found.text or ""
