"""What verifies fast, in C, where this machine could compile it.

It reads documents that are plain, which nearly every one is, and answers None for whatever is not:
then its twin in Python, which stands beside each call, decides on libxml2's tree. What is refused,
and in which words, is the twin's alone. Tests hold both to the same answers. `HOCBA_PURE=1` does
without. `build` compiles; without a compiler or Python's headers the twins do everything and take
longer.

It must never: fetch or install anything, use a library that was compiled from other sources, accept
what the twins would refuse.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

_T = TypeVar("_T")

SOURCES = tuple(sorted(Path(__file__).parent.glob("*.[ch]")))

Reference = tuple[str, bool, str | None, str, bytes]
"""URI, whether enveloped, URI of its C14N, URI of its digest, digest."""

Elements = tuple[etree._Element, ...]  # noqa: SLF001 -- reason: lxml has no public element type
Signature = tuple[Elements, str, str, bytes, tuple[Reference, ...], tuple[bytes, ...]]
"""SignedInfo with the objects, URIs of C14N and method, value, references, certificates."""


class Unplain(Exception):
    """The engine cannot say; the same must be asked of libxml2's tree, from the document on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """What the C sources offer; None from a function means that its twin must decide.

    Attributes:
        read: the root element of a document, by its octets, the namespaces that may occur, and at
            most how many levels, elements, attributes of one element, declarations of namespaces,
            prefixes and octets of one text it has. Its elements answer as lxml's do, but that two
            are equal, not the same, when they are one; what they cannot say raises `Unplain`.
        fits: whether the document of a root element surely follows a grammar.
        grammar: makes such a grammar of the tables of `app.transcripts.grammar`.
        canonical: canonical octets of a subtree, by the element and whether exclusively.
        signature: the parts of a ds:Signature, within a number of references and certificates and
            a length of their text.
        quicken: what `quick` does, by a class and its fields' names and defaults.
        element: the class of its elements.
    """

    read: Callable[[bytes, tuple[bytes, ...], int, int, int, int, int, int], Any]
    fits: Callable[[Any, Any], bool]
    grammar: Callable[[tuple[Any, ...]], Any]
    canonical: Callable[[Any, bool], bytes | None]
    signature: Callable[[Any, int, int, int], Signature | None]
    quicken: Callable[[type[Any], tuple[str, ...], tuple[object, ...]], None]
    element: type[Any]


@cache
def library() -> Path:
    """Name the library that these very sources compile to, for this Python."""
    digest = hashlib.sha256(sys.version.encode())
    for source in SOURCES:
        digest.update(source.read_bytes())
    return SOURCES[0].with_name(f"_engine-{digest.hexdigest()[:24]}.so")


def unwanted() -> bool:
    """Say whether the environment asks for Python alone."""
    return os.environ.get("HOCBA_PURE") == "1"


@cache
def native() -> Native | None:
    """Load the compiled libraries; None where there are none of these very sources, or unwanted."""
    return None if unwanted() else _load()


@cache
def _load() -> Native | None:
    if not library().exists():
        return None
    name = "app.engine._engine"
    loader = ExtensionFileLoader(name, str(library()))
    try:
        module: Any = module_from_spec(ModuleSpec(name, loader, origin=str(library())))
        loader.exec_module(module)
    except ImportError:  # whatever this machine has against it: nothing depends on it
        return None
    return Native(
        read=module.read,
        fits=module.fits,
        grammar=module.grammar,
        canonical=module.canonical,
        signature=module.signature,
        quicken=module.quicken,
        element=module.Element,
    )


def leave_to_python(element: object) -> None:
    """Give a document up whose fault must be found and worded.

    Args:
        element: one of its elements.

    Raises:
        Unplain: the engine has read it.
    """
    engine = native()
    if engine is not None and isinstance(element, engine.element):
        raise Unplain


def forget() -> None:
    """Look anew which engine is there and wanted."""
    native.cache_clear()
    _load.cache_clear()
    library.cache_clear()


def engine_name() -> str:
    """Say which engine verifies, for logs."""
    return "pure" if native() is None else "native"


def quick(kind: type[_T]) -> type[_T]:
    """Make instances of a frozen, slotted, keyword-only dataclass in C, in the whole process.

    For classes of which one verification makes many and that have no `__post_init__`.
    """
    engine = native()
    if engine is not None:
        stated = fields(kind)  # type: ignore[arg-type]  # reason: a dataclass, or this raises
        engine.quicken(
            kind,
            tuple(sys.intern(field.name) for field in stated),
            tuple(... if field.default is MISSING else field.default for field in stated),
        )
    return kind
