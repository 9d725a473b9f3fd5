"""What a check may do to its process: functions that a verification process imports quickly."""

import ctypes
import mmap
import os
import time
from pathlib import Path

from app.intake.memory import resident_bytes

MEBIBYTE = 1024**2
HOSTILE = 600 * MEBIBYTE
"""Bytes that each of them tries to fill."""


def fill_quickly() -> None:
    """Touch every page at once, in C."""
    octets = bytearray(HOSTILE)
    ctypes.memset((ctypes.c_char * len(octets)).from_buffer(octets), 1, len(octets))


def note(report: str) -> None:
    """Write down what this process occupies now."""
    with Path(report).open("a", encoding="ascii") as lines:
        lines.write(f"{resident_bytes(os.getpid())}\n")


def fill_in_pieces(report: str) -> None:
    """Grow until stopped, like a tree of small objects; say how far it came."""
    pieces = []
    for _ in range(0, HOSTILE, MEBIBYTE // 4):
        pieces.append(bytes([1]) * (MEBIBYTE // 4))
        note(report)


def fill_shared(report: str) -> None:
    """Grow by memory that the kernel's limit does not count; slowly, once it is much."""
    area = mmap.mmap(-1, HOSTILE)
    for at in range(0, HOSTILE, MEBIBYTE):
        area[at : at + MEBIBYTE] = b"x" * MEBIBYTE
        note(report)
        if at > HOSTILE // 3:
            time.sleep(0.02)


def spin(_: object) -> None:
    while True:
        pass


def die(how: int) -> None:
    os.kill(os.getpid(), how)
