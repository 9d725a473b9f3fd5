"""The verifier's hot loops in C, where this machine could compile them.

Every function here has a twin in Python beside its call, and answers None for what is not plain:
then the twin decides. What is refused, and in which words, is the twin's alone. Tests hold both to
the same answers. `HOCBA_PURE=1` does without. `build` compiles; without a compiler, or the headers
of Python and lxml, the twins do everything and take longer.

It must never: fetch or install anything, use a library that was compiled from other sources or
against another lxml, change a tree, keep a pointer into one.
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

SOURCES = tuple(Path(__file__).with_name(name) for name in ("octets.c", "tree.c", "values.c"))

Reference = tuple[str, bool, str | None, str, bytes]
"""URI, whether enveloped, URI of its C14N, URI of its digest, digest."""

Elements = tuple[etree._Element, ...]  # noqa: SLF001 -- reason: lxml has no public element type
Signature = tuple[Elements, str, str, bytes, tuple[Reference, ...], tuple[bytes, ...]]
"""SignedInfo with the objects, URIs of C14N and method, value, references, certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """What the C sources offer; None from a function means that its twin must decide.

    Attributes:
        canonical: canonical octets of a subtree, by the element and whether exclusively.
        signature: the parts of a ds:Signature, within a number of references and certificates and
            a length of their text.
        declarations: how many declarations of namespaces octets hold, and which prefix and name.
        records: a `Record` of canonical octets.
        quicken: what `quick` does, by a class and its fields' names and defaults.
        unreadable: what such a record raises where its twin must decide.
    """

    canonical: Callable[[etree._Element, bool], bytes | None]
    signature: Callable[[etree._Element, int, int, int], Signature | None]
    declarations: Callable[[bytes], tuple[int, set[tuple[bytes, bytes]]] | None]
    records: Callable[[bytes], Any]
    quicken: Callable[[type[Any], tuple[str, ...], tuple[object, ...]], None]
    unreadable: type[Exception]


def library_of(source: Path) -> Path:
    """Name the library that these very sources compile to, for this Python and this lxml."""
    digest = hashlib.sha256(f"{sys.version} {etree.LXML_VERSION} {etree.LIBXML_VERSION}".encode())
    for each in SOURCES:
        digest.update(each.read_bytes())
    return source.with_name(f"_{source.stem}-{digest.hexdigest()[:24]}.so")


def unwanted() -> bool:
    """Say whether the environment asks for Python alone."""
    return os.environ.get("HOCBA_PURE") == "1"


@cache
def native() -> Native | None:
    """Load the compiled libraries; None where there are none of these very sources, or unwanted."""
    return None if unwanted() else _load()


@cache
def _load() -> Native | None:
    libraries = [library_of(source) for source in SOURCES]
    if not all(library.exists() for library in libraries):
        return None
    try:
        octets, tree, values = map(_module, SOURCES, libraries)
    except ImportError:  # whatever this machine has against it: nothing depends on it
        return None
    return Native(
        canonical=tree.canonical,
        signature=tree.signature,
        declarations=octets.declarations,
        records=octets.records,
        quicken=values.quicken,
        unreadable=octets.Unreadable,
    )


def _module(source: Path, library: Path) -> Any:
    name = f"app.engine._{source.stem}"
    loader = ExtensionFileLoader(name, str(library))
    module = module_from_spec(ModuleSpec(name, loader, origin=str(library)))
    loader.exec_module(module)
    return module


def forget() -> None:
    """Look anew which engine is there and wanted."""
    native.cache_clear()
    _load.cache_clear()


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
