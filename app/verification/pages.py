"""Write the public page: pure functions from an answer or a refusal to HTML.

No script, no inline style, nothing from elsewhere: the page works under a content security policy
that allows its own stylesheet and icon and nothing more. Everything typed is escaped by Jinja.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.locale import VIETNAM, Language, local_time
from app.signatures.catalogue import CATALOGUE
from app.transcripts.codes import MAX_TYPED
from app.verification.answer import CodeAnswer
from app.verification.page_words import page_words
from app.verification.words import (
    CHECK_SENTENCES,
    CHECKS,
    LEVELS,
    NOT_CHECKED,
    OUTCOMES,
    STATUS_SENTENCES,
    STATUSES,
)

STATIC = {
    name: files("app.verification").joinpath("static", name).read_bytes()
    for name in ("verification.css", "mark.svg")
}
"""The only files served beside the page."""

_environment = Environment(
    loader=PackageLoader("app.verification"),
    autoescape=True,
    auto_reload=False,
    undefined=StrictUndefined,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a page is shown.

    Attributes:
        chosen: whether the reader chose the language on the page, so that links keep it.
        sandbox: whether the page must say that its data are samples.
    """

    language: Language
    chosen: bool
    sandbox: bool


Refusal = Literal["length", "character", "check", "unknown", "busy", "unavailable"]


def answer_page(answer: CodeAnswer, view: View) -> str:
    """Write the page of a code that is known."""
    language = view.language
    return _render(
        "answer.html",
        view,
        heading=STATUSES[answer.status][language],
        sentence=STATUS_SENTENCES[answer.status][language],
        status=answer.status.value,
        code=answer.code,
        school=answer.school_name,
        province=answer.province_name,
        school_year=answer.school_year,
        level=LEVELS[answer.level][language],
        student=answer.student_name_masked,
        accepted_at=_shown(answer.accepted_at, language),
        checked_at=_shown(answer.checked_at, language),
        checks=[
            {
                "name": CHECKS[check][language],
                "kind": outcome.value,
                "outcome": OUTCOMES[outcome][language],
                "sentence": CHECK_SENTENCES[check, outcome][language],
            }
            for check, outcome in answer.checks
        ],
        not_checked=[NOT_CHECKED[gap][language] for gap in answer.not_checked],
    )


def form_page(view: View) -> str:
    """Write the page that asks for a code."""
    heading = page_words(view.language)["title"]
    return _ask(view, heading=heading, notice=None)


def refusal_page(
    refusal: Refusal, view: View, *, typed: str, retry_path: str | None, trace_id: str | None
) -> str:
    """Write the page that says why there is no answer.

    Args:
        refusal: which page.
        view: how it is shown.
        typed: the code as typed; a page that asks for it again offers it for mending.
        retry_path: where to try the same again; None offers the form instead.
        trace_id: what support needs to find this request; None where it is the reader's turn.
    """
    words = page_words(view.language)
    return _ask(
        view,
        heading=words[f"{refusal}_title"],
        notice=words[f"{refusal}_sentence"],
        typed=typed[:MAX_TYPED],
        retry_path=retry_path,
        trace_id=trace_id,
    )


def codes_page(view: View) -> str:
    """Write the page that lists every code of the catalogue, by family."""
    families: dict[str, list[dict[str, Any]]] = {}
    for entry in CATALOGUE.values():
        families.setdefault(entry.code.partition("-")[0], []).append(
            {
                "code": entry.code,
                "severity": entry.severity,
                "text": entry.text(view.language),
            }
        )
    return _render("codes.html", view, families=families)


def static_path(name: str) -> str:
    """Name a static file together with its content, so that it may be cached for ever."""
    return f"/static/{name}?v={sha256(STATIC[name]).hexdigest()[:12]}"


def _ask(view: View, **values: str | None) -> str:
    return _render(
        "ask.html", view, **({"typed": None, "retry_path": None, "trace_id": None} | values)
    )


def _render(template: str, view: View, **values: Any) -> str:
    return _environment.get_template(template).render(
        words=page_words(view.language),
        language=view.language.value,
        chosen=view.chosen,
        keep_language=f"?lang={view.language}" if view.chosen else "",
        sandbox=view.sandbox,
        typed_limit=MAX_TYPED,
        stylesheet=static_path("verification.css"),
        icon_path=static_path("mark.svg"),
        **values,
    )


def _shown(at: datetime, language: Language) -> dict[str, str]:
    """Give a time for machines and for people, both in the time of Việt Nam."""
    return {"iso": local_time(at), "text": _in_words(at.astimezone(VIETNAM), language)}


def _in_words(local: datetime, language: Language) -> str:
    match language:
        case Language.VIETNAMESE:
            return f"{local:%H:%M:%S, ngày %d/%m/%Y}"
        case Language.ENGLISH:
            return f"{local.day} {local:%B %Y, %H:%M:%S}"
