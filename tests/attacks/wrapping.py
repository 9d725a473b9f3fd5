"""A1, A17, A18, A30: signatures that stay valid while other content is read.

Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012) number eight wrappings; the
ninth drops the Id of what is read. Here each is a pair: what becomes of the Id of the element that
stands where content is read, and where the signed original goes. All pairs are tried.
"""

import re
from collections.abc import Callable, Iterator

from tests.attacks.attack import Attack
from tests.attacks.victims import Victim, victim, victims, without

_IDENTITIES: dict[str, Callable[[bytes], bytes]] = {
    "same-id": lambda lie: lie,
    "new-id": lambda lie: re.sub(rb'Id="[^"]*"', b'Id="khac"', lie, count=1),
    "no-id": lambda lie: re.sub(rb' Id="[^"]*"', b"", lie, count=1),
}

_PLACES = (
    "sibling-before",
    "sibling-after",
    "first-child",
    "last-child",
    "parent",
    "root-start",
    "root-end",
    "wrapper",
    "wrapper-before",
    "signature",
    "object",
    "object-before",
    "key-info",
    "slot",
)

_CLASSIC = {
    ("new-id", "signature"): "xsw1",
    ("new-id", "sibling-before"): "xsw2",
    ("new-id", "sibling-after"): "xsw3",
    ("new-id", "parent"): "xsw4",
    ("new-id", "root-end"): "xsw5",
    ("same-id", "signature"): "xsw6",
    ("same-id", "wrapper"): "xsw7",
    ("same-id", "object"): "xsw8",
    ("no-id", "wrapper"): "xsw9",
}


def wrappings() -> Iterator[Attack]:
    """A1: every role, every identity, every place."""
    for one in victims():
        for identity, change in _IDENTITIES.items():
            for place in _PLACES:
                number = _CLASSIC.get((identity, place))
                parts = (number, identity, place, one.role)
                yield Attack(
                    name="-".join(part for part in parts if part),
                    twin=one.xml,
                    hostile=_wrapped(one, change(one.lie), place),
                    codes=_codes(one, identity, place),
                    verify=one.verify,
                )


def _codes(one: Victim, identity: str, place: str) -> tuple[str, ...]:
    # Several subject lines are what the schema expects: there the signatures alone decide.
    fits = one.role == "teacher" and place in {"sibling-before", "sibling-after"}
    if identity == "same-id":
        return ("SIG-131", "SIG-221") if fits else ("SIG-140", "SIG-131")
    if identity == "new-id":
        return ("SIG-220",) if fits else ("SIG-140",)
    return ("SIG-140",)


def _wrapped(one: Victim, lie: bytes, place: str) -> bytes:
    original, xml = one.original, one.xml
    head = lie.index(b">") + 1
    tail = lie.rindex(b"</")
    read = {
        "sibling-before": original + lie,
        "sibling-after": lie + original,
        "first-child": lie[:head] + original + lie[head:],
        "last-child": lie[:tail] + original + lie[tail:],
        "parent": original[: original.rindex(b"</")] + lie + original[original.rindex(b"</") :],
    }.get(place, lie)
    signature = one.signature
    kept = {
        "signature": signature.replace(b"</ds:Signature>", original + b"</ds:Signature>"),
        "object": signature.replace(
            b"</ds:Signature>", b"<ds:Object>" + original + b"</ds:Object></ds:Signature>"
        ),
        "object-before": signature.replace(
            b"<ds:SignedInfo>", b"<ds:Object>" + original + b"</ds:Object><ds:SignedInfo>"
        ),
        "key-info": signature.replace(b"</ds:KeyInfo>", original + b"</ds:KeyInfo>"),
        "slot": original + signature,
    }.get(place, signature)
    root = b"BAN_TIN" if one.role == "package" else b"HOC_BA"
    start, end = b"<" + root + b">", b"</" + root + b">"
    # From the end, so that what was put in is not taken for what is looked for.
    at = xml.index(signature)
    xml = xml[:at] + kept + xml[at + len(signature) :]
    at = xml.index(original)
    xml = xml[:at] + read + xml[at + len(original) :]
    match place:
        case "root-start":
            return xml.replace(start, start + original, 1)
        case "root-end":
            return xml.replace(end, original + end)
        case "wrapper":
            return xml.replace(end, b"<MO_RONG>" + original + b"</MO_RONG>" + end)
        case "wrapper-before":
            return xml.replace(start, start + b"<MO_RONG>" + original + b"</MO_RONG>", 1)
        case _:
            return xml


def second_signed_infos() -> Iterator[Attack]:
    """A17: two SignedInfo, SignatureValue or KeyInfo; programs differ in which one they take."""
    for one in victims():
        text = one.signature.decode()
        for part in ("SignedInfo", "SignatureValue", "KeyInfo"):
            (octets,) = re.findall(f"<ds:{part}>.*</ds:{part}>", text, re.DOTALL)
            lie = octets.replace("#", "#khong-")
            for order, both in (("after", octets + lie), ("before", lie + octets)):
                yield Attack(
                    name=f"second-{part}-{order}-{one.role}",
                    twin=one.xml,
                    hostile=one.with_signature(text.replace(octets, both).encode()),
                    codes=("SIG-140", "SIG-210"),
                    at="ds:Signature",
                    verify=one.verify,
                )
        yield Attack(
            name=f"signed-info-after-its-value-{one.role}",
            twin=one.xml,
            hostile=one.edited(
                (
                    "(<ds:SignedInfo>.*</ds:SignedInfo>)(<ds:SignatureValue>.*</ds:SignatureValue>)",
                    r"\2\1",
                )
            ),
            codes=("SIG-140", "SIG-210"),
            at="ds:Signature",
            verify=one.verify,
        )


def foreign_additions() -> Iterator[Attack]:
    """A18: a counter-signature, and properties that nobody signed."""
    xades = "http://uri.etsi.org/01903/v1.3.2#"
    for one in victims():
        nested = one.signature.decode()
        counter = (
            f'<ds:Object><xades:QualifyingProperties xmlns:xades="{xades}" Target="#ky">'
            "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:CounterSignature>"
            f"{nested}</xades:CounterSignature></xades:UnsignedSignatureProperties>"
            "</xades:UnsignedProperties></xades:QualifyingProperties></ds:Object>"
        )
        unsigned = (
            '<ds:Object><ds:SignatureProperties><ds:SignatureProperty Target="#ky">'
            "<SigningTime>2026-06-01T00:00:00Z</SigningTime></ds:SignatureProperty>"
            "</ds:SignatureProperties></ds:Object>"
        )
        for name, extra, codes in (
            ("counter-signature", counter, ("SIG-140", "SIG-201")),
            ("signature-in-an-object", f"<ds:Object>{nested}</ds:Object>", ("SIG-140", "SIG-201")),
            ("unsigned-signing-time", unsigned, ("SIG-220",)),
        ):
            text = nested.replace("</ds:Signature>", f"{extra}</ds:Signature>")
            # Teachers' signatures are signed content themselves: principal and school sign it so.
            yield Attack(
                name=f"{name}-{one.role}",
                twin=one.xml,
                hostile=one.sealed_over(one.with_signature(text.encode())),
                codes=codes,
                at=one.slot if codes == ("SIG-220",) else "ds:Object",
                verify=one.verify,
            )


def repeated_signatures() -> Iterator[Attack]:
    """A30: a signature once more: in its slot, in a second slot, at the end, around itself."""
    for one in victims():
        signature, xml = one.signature, one.xml
        end = b"</BAN_TIN>" if one.role == "package" else b"</HOC_BA>"
        slot = xml[xml.rindex(b"<", 0, xml.index(signature)) :].split(b">", 1)[0] + b">"
        closing = b"</" + slot[1:-1].split()[0] + b">"
        whole = slot + signature + closing
        cases = {
            "twice-in-its-slot": (xml.replace(signature, signature * 2), ("SIG-140", "SIG-202")),
            "in-a-second-slot": (
                xml.replace(whole, whole * 2),
                ("SIG-202",) if one.role == "teacher" else ("SIG-140", "SIG-202"),
            ),
            "at-the-end": (xml.replace(end, signature + end), ("SIG-140", "SIG-201")),
            "around-itself": (
                xml.replace(
                    signature, signature.replace(b"</ds:Signature>", signature + b"</ds:Signature>")
                ),
                ("SIG-140", "SIG-201"),
            ),
        }
        for name, (hostile, codes) in cases.items():
            yield Attack(
                name=f"{name}-{one.role}",
                twin=xml,
                hostile=hostile,
                codes=codes,
                verify=one.verify,
            )
    principal, school = victim("principal"), victim("school")
    for source, other in ((principal, school), (school, principal)):
        yield Attack(
            name=f"signature-of-the-{source.role}-in-both-slots",
            twin=source.xml,
            hostile=other.with_signature(source.signature),
            codes=("SIG-502",),
            at=other.slot,
            verify=source.verify,
        )
    yield Attack(
        name="no-signature-at-all",
        twin=school.xml,
        hostile=without(school.xml, *(one.slot for one in victims() if one.role != "package")),
        codes=("SIG-200",),
        at=victims()[0].slot,
        verify=school.verify,
    )
