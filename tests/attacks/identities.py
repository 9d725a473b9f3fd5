"""A2 and A22: names that two elements share, and attributes that stand twice."""

from collections.abc import Iterator

from tests.attacks.attack import Attack
from tests.attacks.victims import Victim, victims
from tests.vectors.transcripts.base import DS


def colliding_ids() -> Iterator[Attack]:
    """A2: two elements answer to one reference, or another attribute passes for the Id."""
    for one in victims():
        name = one.target_id
        cases: dict[str, tuple[str, str, tuple[str, ...]]] = {
            f"attribute-{attribute.replace(':', '-')}-on-a-part": (
                "<ds:KeyInfo>",
                f'<ds:KeyInfo {attribute}="{name}">',
                ("SIG-132", "SIG-140"),
            )
            for attribute in ("ID", "id", "iD", "xml:id", "ds:Id")
        }
        for part in ("SignedInfo", "Reference", "SignatureValue", "KeyInfo"):
            cases[f"Id-on-{part}"] = (
                f"<ds:{part}",
                f'<ds:{part} Id="{name}"',
                ("SIG-131", "SIG-221"),
            )
        cases["Id-by-character-reference"] = (
            "<ds:KeyInfo",
            f'<ds:KeyInfo Id="&#{ord(name[0])};{name[1:]}"',
            ("SIG-131", "SIG-221"),
        )
        for flaw, (pattern, replacement, codes) in cases.items():
            yield Attack(
                name=f"{flaw}-{one.role}",
                twin=one.xml,
                hostile=one.edited((pattern, replacement)),
                codes=codes,
                at="ds:",
                verify=one.verify,
            )
        yield from _renamed_targets(one)


def _renamed_targets(one: Victim) -> Iterator[Attack]:
    opening = f' Id="{one.target_id}"'.encode()
    for attribute in ("ID", "id", "xml:id"):
        yield Attack(
            name=f"target-named-by-{attribute.replace(':', '-')}-{one.role}",
            twin=one.xml,
            hostile=one.xml.replace(opening, f' {attribute}="{one.target_id}"'.encode(), 1),
            codes=("SIG-132", "SIG-140", "SIG-221"),
            at=one.target,
            verify=one.verify,
        )
    prefixed = f' xmlns:x="{DS}" x:Id="{one.target_id}"'.encode()
    for flaw, new in (("instead-of", prefixed), ("beside", prefixed + opening)):
        yield Attack(
            name=f"target-named-by-x-Id-{flaw}-its-own-{one.role}",
            twin=one.xml,
            hostile=one.xml.replace(opening, new, 1),
            codes=("SIG-132", "SIG-140"),
            at=one.target,
            verify=one.verify,
        )
    yield Attack(
        name=f"target-named-twice-{one.role}",
        twin=one.xml,
        hostile=one.xml.replace(opening, opening + opening, 1),
        codes=("SIG-120",),
        verify=one.verify,
    )


def doubled_attributes() -> Iterator[Attack]:
    """A22: an attribute twice, literally or by two prefixes of one namespace."""
    for one in victims():
        for flaw, pattern, replacement, codes in (
            ("URI-twice", " URI=", ' URI="#khac" URI=', ("SIG-120",)),
            ("Algorithm-twice", " Algorithm=", ' Algorithm="" Algorithm=', ("SIG-120",)),
            (
                "two-prefixes-of-one-namespace",
                "<ds:KeyInfo",
                f'<ds:KeyInfo xmlns:a="{DS}" xmlns:b="{DS}" a:Id="x" b:Id="y"',
                ("SIG-120",),
            ),
            ("URI-in-the-namespace", " URI=", ' ds:URI="#khac" URI=', ("SIG-130", "SIG-140")),
        ):
            yield Attack(
                name=f"{flaw}-{one.role}",
                twin=one.xml,
                hostile=one.edited((pattern, replacement)),
                codes=codes,
                verify=one.verify,
            )
