"""The OpenAPI document against the service: nothing it says is untrue, and nothing falls over."""

from collections.abc import Iterator
from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import Failure, FailureGroup

from booth_queue.api import create_app
from booth_queue.contract import Role
from booth_queue.settings import Settings

from .conftest import MovableClock, Running, Template, calling
from .test_access import LETTERS, ROUTES

load_all_checks()
CHECKS = [
    schemathesis.checks.CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    )
]
EXAMPLES = 8  # of each operation; CI's time is what limits it
_keys = count()


@pytest.fixture(scope="module")
def fuzzed(
    postgres_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """PostgreSQL, which takes less of what is not right than SQLite does."""
    url = postgres_template.copy(tmp_path_factory.mktemp("fuzz"), "fuzz")
    policy = {"searches_per_caller_minute": 10**6, "codes_per_address_hour": 10**6}
    app = create_app(Settings(database=url, policy=policy), clock=MovableClock())
    with calling(app) as http:
        yield Running(http, MovableClock(), url, postgres_template.seeded)


@pytest.fixture(scope="module")
def tokens(fuzzed: Running) -> dict[Role, dict[str, str]]:
    signed_in = {
        role: fuzzed.sign_in(role)
        for role in (Role.GRID, Role.ENTERPRISE, Role.STAFF, Role.LAB, Role.DESK)
    }
    citizen = fuzzed.citizen()
    citizen.arrive()
    return signed_in | {Role.CITIZEN: citizen.headers, Role.BOOTH: fuzzed.device_headers()}


def try_operation(operation: schemathesis.APIOperation, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def holds(case: schemathesis.Case) -> None:
        if case.path.endswith("/events"):
            case.query = {"limit": 1}  # a stream has no end of its own
        said = headers | {"Idempotency-Key": f"fuzz-{next(_keys):08d}"}
        case.call_and_validate(headers=said, checks=CHECKS, timeout=20)

    holds()


@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_the_document_is_true(fuzzed: Running, tokens: dict[Role, dict[str, str]]) -> None:
    api = schemathesis.openapi.from_url(f"{fuzzed.http.base_url}/v1/openapi.json")
    tried, faults = 0, []
    for found in api.get_all_operations():
        operation = found.ok()
        letters = ROUTES[operation.method.upper(), operation.path]
        try:
            try_operation(operation, {} if letters == "*" else tokens[LETTERS[letters[0]]])
        except (FailureGroup, Failure) as fault:
            faults.append(f"{operation.label}: {fault}")
        tried += 1
    assert faults == []
    assert tried == len(ROUTES)
