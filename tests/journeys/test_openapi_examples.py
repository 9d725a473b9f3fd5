"""The committed examples are what a live service answers, and what its description allows."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.contract import operation_of
from tests.examples import FOLDER, make_examples
from tests.xmlsec import accepts

OPENAPI = FOLDER.parent / "openapi.json"
EXAMPLES = sorted(FOLDER.glob("*.json"))
DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))


def example_in(file: Path) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return example


@pytest.fixture(scope="module")
def lived(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, bytes]]:
    """Every file as an exchange of just now makes it."""
    with fresh_database() as url:
        yield make_examples(url, tmp_path_factory.mktemp("examples"))


def test_a_live_service_answers_every_example_as_it_is_committed(lived: dict[str, bytes]) -> None:
    committed = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    assert sorted(lived) == sorted(committed), "run `python -m tests.examples`"
    for name, content in lived.items():
        if name.endswith(".json"):  # compared as values, for a readable difference
            assert json.loads(content) == json.loads(committed[name]), name
        assert content == committed[name], f"{name}: run `python -m tests.examples`"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_what_the_description_allows(file: Path) -> None:
    example = example_in(file)
    request, response = example["request"], example["response"]
    operation = operation_of(DOCUMENT, request["method"], request["path"])
    described = operation["responses"][str(response["status"])]
    if "form" in request:
        [content] = operation["requestBody"]["content"].values()
        validate(content["schema"], request["form"])
    if "body" not in response and "body_file" not in response:
        assert "content" not in described
        return
    schema = described["content"][response["headers"]["Content-Type"]]["schema"]
    if "body_file" in response:
        assert schema["type"] == "string"
        assert (FOLDER / response["body_file"]).exists()
    else:
        validate(schema, response["body"])


def validate(schema: dict[str, Any], value: object) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}  # where the references lead
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_every_operation_has_an_example_of_its_success() -> None:
    shown = set()
    for example in map(example_in, EXAMPLES):
        operation = operation_of(DOCUMENT, example["request"]["method"], example["request"]["path"])
        shown.add((operation["operationId"], str(example["response"]["status"])))
    assert {
        (operation["operationId"], status)
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for status in operation["responses"]
        if status.startswith("2")
    } <= shown


def test_every_kind_of_problem_that_a_client_may_cause_has_an_example() -> None:
    statuses = {example_in(file)["response"]["status"] for file in EXAMPLES}
    assert {400, 401, 403, 404, 413, 415, 422, 429} <= statuses


def test_the_files_are_numbered_and_named_after_their_examples() -> None:
    names = [example_in(file)["name"] for file in EXAMPLES]
    assert [file.stem for file in EXAMPLES] == [
        f"{number:02d}-{name}" for number, name in enumerate(names, start=1)
    ]
    assert len(set(names)) == len(names)


def test_the_reply_among_the_examples_is_signed(tmp_path: Path) -> None:
    file = FOLDER / "ban-tin-tra-loi.xml"
    [encoded] = re.findall(
        r"<ds:X509Certificate>([^<]*)</ds:X509Certificate>", file.read_text(encoding="utf-8")
    )
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(
        f"-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n", encoding="utf-8"
    )
    options = ["--trusted-pem", certificate]
    assert accepts(file, "/BAN_TIN_TRA_LOI/KY_TRA_LOI", options=options)


def test_the_changelog_begins_with_the_version_that_is_described() -> None:
    changelog = (FOLDER.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    [latest, *_] = re.findall(r"^## (\S+) · (\d{4}-\d{2}-\d{2})$", changelog, re.MULTILINE)
    assert latest[0] == DOCUMENT["info"]["version"]
