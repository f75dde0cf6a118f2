"""A client made from the OpenAPI document alone goes the whole way; nothing it needs is missing."""

import keyword
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import jsonschema_rs
import pytest

from .conftest import Running, id_number
from .test_access import ROUTES

Document = dict[str, Any]


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def generate(document: Document) -> str:
    """Return the source of a client: one method an operation, its arguments by their names."""
    lines = ["class Client:", "    def __init__(self, call):", "        self._call = call"]
    for method, path, operation in operations(document):
        named = {
            given["name"].replace("-", "_"): (given["in"], given["name"], given["required"])
            for given in operation.get("parameters", [])
        }
        if "requestBody" in operation:
            named["body"] = ("body", "body", operation["requestBody"]["required"])
        signature = ["self", *(["*"] if named else [])]
        signature += [name if needed else f"{name}=None" for name, (_, _, needed) in named.items()]
        given = ", ".join(f"({at!r}, {word!r}): {name}" for name, (at, word, _) in named.items())
        lines += [
            f"    def {operation['operationId']}({', '.join(signature)}):",
            f"        return self._call({method!r}, {path!r}, {{{given}}})",
        ]
    return "\n".join(lines)


class Caller:
    """What a generated method hands its call to: sends it, checking both ways by the document."""

    def __init__(self, http: httpx.Client, document: Document) -> None:
        self._http = http
        self._document = document
        self.token: str | None = None

    def _check(self, schema: Document, value: object) -> None:
        whole = schema | {"components": self._document["components"]}
        jsonschema_rs.Draft202012Validator(whole).validate(value)

    def __call__(self, method: str, path: str, given: dict[tuple[str, str], Any]) -> Any:  # noqa: ANN401 - JSON
        operation = self._document["paths"][path][method]
        parts: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "body": {}}
        for (place, name), value in given.items():
            if value is not None:
                parts[place][name] = value
        body = parts["body"].get("body")
        if body is not None:
            self._check(operation["requestBody"]["content"]["application/json"]["schema"], body)
        if "security" in operation and self.token is not None:
            parts["header"]["Authorization"] = f"Bearer {self.token}"
        answered = self._http.request(
            method.upper(),
            path.format(**parts["path"]),
            params=parts["query"],
            headers=parts["header"],
            json=body,
        )
        described = operation["responses"][str(answered.status_code)]
        self._check(described["content"]["application/json"]["schema"], answered.json())
        assert answered.status_code == 200, answered.text
        return answered.json()


@pytest.fixture
def document(service: Running) -> Document:
    found: Document = service.http.get("/v1/openapi.json").json()
    return found


def test_the_document_lacks_nothing_a_generator_needs(document: Document) -> None:
    found = list(operations(document))
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names) == len(ROUTES)
    assert [one for one in names if not one.isidentifier() or keyword.iskeyword(one)] == []
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    for method, path, operation in found:
        label = f"{method} {path}"
        assert operation["summary"], label
        assert ("security" in operation) == (ROUTES[method.upper(), path] != "*"), label
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = [one for status, one in operation["responses"].items() if status != "204"]
        for part in (*bodies, *answers):
            content = part["content"]
            assert content, label
            if "application/json" in content:
                assert content["application/json"]["schema"], label
        for status, answer in operation["responses"].items():
            if status.startswith("4") and status != "422":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, label


def test_a_generated_client_goes_the_whole_way(service: Running, document: Document) -> None:
    made: dict[str, Any] = {}
    exec(generate(document), made)  # noqa: S102 - running what was generated is the test
    caller = Caller(service.http, document)
    client = made["Client"](caller)
    keys = (f"generated-{number:04d}" for number in count())

    code = client.sign_in_request_code(body={"phone": "13700000001"})["demo_code"]
    signed_in = client.sign_in_by_phone(body={"phone": "13700000001", "code": code})
    caller.token = signed_in["access_token"]
    said = {"name": "张三", "id_number": id_number("19900101", 700), "consent": True}
    person = client.citizen_register_self(idempotency_key=next(keys), body=said)
    site = client.citizen_list_sites()["sites"][0]
    booth = client.citizen_list_booths(site_id=site["id"])["booths"][0]
    slot = client.citizen_list_slots(booth_id=booth["id"])["slots"][0]
    wanted = {"slot_id": slot["id"], "person_id": person["id"]}
    key = next(keys)
    booking = client.citizen_book(idempotency_key=key, body=wanted)
    assert client.citizen_book(idempotency_key=key, body=wanted) == booking
    assert client.citizen_list_bookings()["bookings"] == [booking]
    shown = client.citizen_show_code(booking_id=booking["id"])
    arrival = {"booth_id": booth["id"], "code": shown["code"]}
    ticket = client.citizen_check_in(idempotency_key=next(keys), body=arrival)
    assert client.citizen_read_ticket(ticket_id=ticket["id"])["position"] == 1
