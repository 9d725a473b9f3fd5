"""A plain document, read by the engine: nothing is wrong with it, or libxml2's tree must say what.

Steps 2 to 5 of a verification, like `document`, of which this is the twin that never refuses.
"""

import codecs
import hashlib
from functools import cache
from typing import Any

from app.engine import Native, native
from app.transcripts.document import (
    Document,
    byte_findings,
    choose_profile,
    duplicate_findings,
    unique,
)
from app.transcripts.grammar.schema import grammar_of
from app.transcripts.locations import PREFIXES
from app.transcripts.octets import has_too_many_quotes
from app.transcripts.profile import Family, Profile

_NAMESPACES = tuple(uri.encode() for uri in PREFIXES)


def open_plain_document(data: bytes, rules: Profile | Family) -> Document | None:
    """Read a document in which `open_document` would find no error; None where it might.

    Its elements are the engine's, so that whatever is done with it may raise `Unplain`.

    Args:
        data: the untrusted bytes.
        rules: the profile, or the family in which the content chooses it.
    """
    engine, limits = native(), rules.limits
    if engine is None or len(data) > limits.size or has_too_many_quotes(data, limits):
        return None
    root = engine.read(
        _normalized(data),
        _NAMESPACES,
        limits.depth,
        limits.elements,
        limits.attributes,
        limits.namespaces,
        limits.prefixes,
        limits.text,
    )
    if root is None:
        return None
    profile = rules if isinstance(rules, Profile) else choose_profile(root, rules)
    if profile is None or not engine.fits(root, _grammar(engine, profile.schema, profile.root)):
        return None
    bearers = root.bearers("Id")
    if any(True for _ in duplicate_findings(root, bearers, profile)):
        return None
    return Document(
        root=root,
        profile=profile,
        ids=unique(bearers),
        findings=tuple(byte_findings(data)),
        sha256=hashlib.sha256(data).hexdigest(),
        default_namespaces=False,
    )


def _normalized(data: bytes) -> bytes:
    """Write the ends of lines as every parser reads them (XML 1.0 section 2.11)."""
    text = data.removeprefix(codecs.BOM_UTF8)
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text


@cache
def _grammar(engine: Native, schema: str, root: str) -> Any:
    return engine.grammar(grammar_of(schema, root).plain())
