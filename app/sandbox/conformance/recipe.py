"""A transcript of the set as a recipe: whose, and what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass

from app.sandbox.conformance.case import ACCEPTED, REFUSED, Case, Expected, ExpectedItem
from app.sandbox.conformance.workshop import Change, Workshop
from app.sandbox.packaging import SignedTranscript
from app.sandbox.signing import Signers, SigningStyle
from app.sandbox.transcript_writer import write_transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One package with one transcript.

    Attributes:
        errors: codes for which it is refused; none where it is accepted.
        notes: warnings and information that must be told.
        place: of the student in the class register (see `kind_of`).
        written: changes the transcript before anybody signs.
        signed: changes it afterwards.
        signers: changes who signs.
        named: the student code that the package states; the transcript's own when None.
    """

    name: str
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    level: str = "03"
    grade: int = 7
    place: int = 0
    written: Change | None = None
    signed: Change | None = None
    style: SigningStyle | None = None
    signers: Callable[[Signers], Signers] | None = None
    named: str | None = None
    encoding: str | None = None


def follow(workshop: Workshop, recipe: Recipe, number: int) -> Case:
    """Make the case of a recipe.

    Args:
        workshop: where.
        recipe: what.
        number: of the case in its series.
    """
    transcript = make_transcript(workshop, recipe, number)
    result = REFUSED if recipe.errors else ACCEPTED
    item = ExpectedItem(result=result, errors=tuple(sorted(recipe.errors)), notes=recipe.notes)
    return Case(
        name=recipe.name,
        expected=Expected(items=(item,)),
        package=workshop.pack(number, transcript, level=recipe.level),
        encoding=recipe.encoding,
    )


def make_transcript(workshop: Workshop, recipe: Recipe, number: int) -> SignedTranscript:
    """Write, change, sign and change a transcript."""
    year = workshop.year(number, level=recipe.level, grade=recipe.grade, place=recipe.place)
    xml = write_transcript(year)
    if recipe.written is not None:
        xml = recipe.written(xml)
    rightful = workshop.signers(recipe.level)
    signers = rightful if recipe.signers is None else recipe.signers(rightful)
    xml = workshop.sign(xml, recipe.level, signers=signers, style=recipe.style)
    if recipe.signed is not None:
        xml = recipe.signed(xml)
    return SignedTranscript(student_code=recipe.named or year.student.code, xml=xml)
