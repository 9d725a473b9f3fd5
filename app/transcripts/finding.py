"""What a check found wrong, as data: the code, the place and the value.

The words for a code live in `app.signatures.catalogue`.
"""

from dataclasses import dataclass

from app.engine import quick
from app.errors import RepositoryError


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault, named by its code and its place.

    Attributes:
        code: a code of the catalogue, such as "SIG-300".
        slot: the signature slot that it concerns, such as "GVBM[9115131060]" or "CBQL".
        xpath: the location of the element at fault, with positions where several share a name.
        line: its line in the original, counted from 1.
        value: the offending value, cut to `VALUE_LIMIT` characters; may be personal data, so it
            goes to the sender and never into a log.
    """

    code: str
    slot: str | None = None
    xpath: str | None = None
    line: int | None = None
    value: str | None = None


VALUE_LIMIT = 120
"""Characters of an offending value that a finding repeats: enough to recognise it in an editor."""


def shortened(value: str) -> str:
    """Cut a value to `VALUE_LIMIT` characters, marking the cut with an ellipsis."""
    return value if len(value) <= VALUE_LIMIT else value[: VALUE_LIMIT - 1] + "…"


class DocumentRefused(RepositoryError):
    """A document cannot be read further; the findings say why.

    Attributes:
        findings: at least one finding of severity error.
    """

    code = "document-refused"

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*(finding.code for finding in findings))
        self.findings = findings
