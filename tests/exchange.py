"""A recorded exchange with a repository: each request and answer as the examples show them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from app.intake.reply import REPLY_ID
from app.keys import WorkerKeys
from app.signatures.canonical import Canonicalization
from app.signatures.writing import ReferenceToSign, SignatureForm, Signer, signature_xml
from tests.working import Repository

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
"""Stands for the trace of every request."""

REPLY_FILE = "ban-tin-tra-loi.xml"

SHOWN_HEADERS = (
    "Content-Type",
    "Content-Language",
    "Location",
    "Retry-After",
    "Preference-Applied",
    "WWW-Authenticate",
    "ETag",
    "Repr-Digest",
    "Content-Disposition",
)
"""What a client acts on; the others are the same for every answer."""

JSON_TYPES = {"application/json", "application/problem+json"}
FORM = "application/x-www-form-urlencoded"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    Attributes:
        form: fields that are the body.
        body: text that is the body.
        json: a value that is the body as JSON.
        file: the name under which the examples keep the body, which is `content`.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    body: str | None = None
    json: Json | None = None
    file: str | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        said: Json = json.loads(self.body)
        return said


@dataclass(slots=True)
class Exchange:
    """Everything that was said so far.

    Attributes:
        examples: requests and answers, in order.
        files: the bodies that are files of their own.
        placeholders: by what was drawn at random.
    """

    repository: Repository
    examples: list[Json] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)

    def show(self, name: str, summary: str, ask: Ask, *, file: str | None = None) -> Answer:
        """Send a request and keep it with its answer.

        Args:
            name: of the example, unique.
            summary: for a reader, in Vietnamese.
            ask: the request.
            file: the name under which the examples keep the answer's body, when it is XML.
        """
        answer = send(self.repository.url, ask)
        if ask.file:
            self.files[ask.file] = ask.content
        if file:
            assert self.files.setdefault(file, answer.body) == answer.body, file
        asked = {"method": ask.method, "path": ask.path, "headers": dict(ask.headers)}
        shown = ask.body if ask.json is None else ask.json
        body = {"form": ask.form, "body": shown, "body_file": ask.file}
        told: Json = {"status": answer.status, "headers": answer.headers}
        if answer.headers.get("Content-Type") in JSON_TYPES:
            told["body"] = answer.json
            self.hide(answer.json.get("trace_id"), TRACE)
        elif file:
            told["body_file"] = file
        self.examples.append(
            {
                "name": name,
                "summary": summary,
                "request": asked | {key: value for key, value in body.items() if value is not None},
                "response": told,
            }
        )
        return answer

    def hide(self, drawn: str | None, placeholder: str) -> None:
        """Let a placeholder of the same form stand for what was drawn at random."""
        if drawn is not None:
            self.placeholders[drawn] = placeholder

    def finished(self) -> dict[str, bytes]:
        """Give the content of every file by its name."""
        contents = {
            f"{number:02d}-{example['name']}.json": f"{self._named(_written(example))}\n".encode()
            for number, example in enumerate(self.examples, start=1)
        }
        reply = self.files[REPLY_FILE]
        named = self._named(reply.decode()).encode()
        # The placeholder has changed what is signed, so it is signed anew, the same way.
        keys = self.repository.keys
        assert signed(reply, keys) == reply
        return contents | self.files | {REPLY_FILE: signed(named, keys)}

    def _named(self, text: str) -> str:
        for drawn, placeholder in self.placeholders.items():
            text = text.replace(drawn, placeholder)
        return text


def _written(example: Json) -> str:
    return json.dumps(example, ensure_ascii=False, indent=2)


def send(url: str, ask: Ask) -> Answer:
    """Send one request with these headers and no others."""
    text = ask.body or "" if ask.json is None else json.dumps(ask.json)
    body: bytes | None = ask.content or text.encode() or None
    headers = dict(ask.headers)
    if ask.json is not None:
        body = json.dumps(ask.json, ensure_ascii=False).encode()
    if ask.form is not None:
        body = urlencode(ask.form).encode()
        headers["Content-Type"] = FORM
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(ask.method, ask.path, body, headers)
        answer = connection.getresponse()
        shown = {name: value for name in SHOWN_HEADERS if (value := answer.getheader(name))}
        return Answer(status=answer.status, headers=shown, body=answer.read())
    finally:
        connection.close()


def signed(reply: bytes, keys: WorkerKeys) -> bytes:
    """Sign a reply anew, as the repository signs the reply that it made."""
    start, end = reply.index(b"<NOI_DUNG"), reply.index(b"</NOI_DUNG>") + len(b"</NOI_DUNG>")
    form = Canonicalization.INCLUSIVE_10
    signature = signature_xml(
        references=[
            ReferenceToSign(uri=f"#{REPLY_ID}", octets=reply[start:end], canonicalization=form)
        ],
        signer=Signer(
            key=keys.reply, certificate_der=keys.reply_certificate.public_bytes(Encoding.DER)
        ),
        form=SignatureForm(canonicalization=form),
    )
    before, _, rest = reply[end:].partition(b"<ds:Signature")
    _, _, after = rest.partition(b"</ds:Signature>")
    return reply[:end] + before + signature + after
