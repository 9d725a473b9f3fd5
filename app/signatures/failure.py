"""A failed check inside this package: a code and the element at fault. It never leaves it."""

from traceback import extract_tb

from lxml import etree

from app.transcripts.finding import Finding, shortened
from app.transcripts.locations import location_of
from app.transcripts.xml import source_line


class Failed(Exception):
    """One check failed.

    Attributes:
        code: the catalogue code.
        element: the element at fault, None when the fault has no single place.
        value: the offending value.
    """

    def __init__(
        self, code: str, element: etree._Element | None = None, value: str | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.element = element
        self.value = value

    def finding(self, slot: str) -> Finding:
        """Name the fault and its place for the report."""
        return found(self.code, slot=slot, element=self.element, value=self.value)


def found(
    code: str,
    *,
    slot: str | None = None,
    element: etree._Element | None = None,
    value: str | None = None,
) -> Finding:
    """Make a finding with the location and line of an element."""
    return Finding(
        code=code,
        slot=slot,
        xpath=None if element is None else location_of(element),
        line=None if element is None else source_line(element),
        value=None if value is None else shortened(value),
    )


def place_of(error: Exception) -> str:
    """Name an error by its type and place; its message may hold a child's data."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__qualname__} at {frame.filename}:{frame.lineno}"
