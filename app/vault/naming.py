"""How notes are named, and how every name leads to a place and back."""

import re
from hashlib import sha256

from app.vault.vault import object_key

ORDERS_IN_A_FOLDER = 10_000
"""Notes beside each other: few for a file system, and each folder is some listings long."""

_NOTE = re.compile(r"([0-9]{16})-[0-9a-f]{64}")


def note_name(order: int, content: bytes) -> str:
    """Name a note by its order, at most 16 decimal digits, and its content."""
    return f"{order:016d}-{sha256(content).hexdigest()}"


def note_key(name: str) -> str:
    """Name the place of a note: `journal/<order // 10,000>/<name>`, so that places sort as names.

    Raises:
        ValueError: `name` is not an order and a digest, so it could name anything.
    """
    found = _NOTE.fullmatch(name)
    if found is None:
        raise ValueError("a note's name is 16 decimal digits, a hyphen and a digest")
    return f"journal/{int(found[1]) // ORDERS_IN_A_FOLDER:012d}/{name}"


def digest_in(key: str) -> str:
    """Give the digest that the bytes at a place must have: every key ends with it."""
    return key[-64:]


def key_is_whole(key: str) -> bool:
    """Tell whether a listed key is the place of an object of ours, not something laid beside."""
    name = key.rpartition("/")[2]
    try:
        return key == (note_key(name) if "-" in name else object_key(name))
    except ValueError:
        return False
