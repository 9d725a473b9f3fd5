"""The committed description of the HTTP contract: what the routes say, with the examples in it.

Each example is a file of its own, made by a real exchange and run as a test: a name, a summary, the
request and the response. A body that is no JSON is a file beside it. The running service does not
read them.
"""

import json
import re
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FORM = "application/x-www-form-urlencoded"

_PARAMETER = re.compile(r"\\\{[^}]*\\\}")


def with_examples(document: Json, folder: Path) -> Json:
    """Put every example into its operation, by its name, and give the same document back.

    Args:
        document: an OpenAPI 3.1 description; changed in place.
        folder: the examples, which lies beside the description; their order is that of the names.

    Raises:
        LookupError: an example shows a request or an answer that the description lacks.
    """
    for file in sorted(folder.glob("*.json")):
        example = json.loads(file.read_text(encoding="utf-8"))
        operation = operation_of(document, example["request"]["method"], example["request"]["path"])
        response = operation["responses"][str(example["response"]["status"])]
        _show(response, example, example["response"], folder)
        if example["response"]["status"] < 300:  # noqa: PLR2004 -- the successes of RFC 9110
            _show(operation.get("requestBody", {}), example, example["request"], folder)
    return document


def operation_of(document: Json, method: str, path: str) -> Json:
    """Find the operation that serves a request.

    Raises:
        LookupError: none does.
    """
    for template, operations in document["paths"].items():
        pattern = _PARAMETER.sub("[^/]+", re.escape(template))
        if re.fullmatch(pattern, path.partition("?")[0]) and method.lower() in operations:
            operation: Json = operations[method.lower()]
            return operation
    raise LookupError(f"{method} {path}")


def _show(place: Json, example: Json, message: Json, folder: Path) -> None:
    """Add one body to the media type that describes it; a message without a body adds nothing."""
    body = _body(message, folder)
    if body is None:
        return
    media_type = FORM if "form" in message else message["headers"]["Content-Type"]
    examples = place["content"][media_type].setdefault("examples", {})
    if body not in ({k: v for k, v in one.items() if k != "summary"} for one in examples.values()):
        examples[example["name"]] = {"summary": example["summary"], **body}


def _body(message: Json, folder: Path) -> Json | None:
    if "body_file" in message:
        return {"externalValue": f"{folder.name}/{message['body_file']}"}
    value = message.get("form", message.get("body"))
    return None if value is None else {"value": value}
