"""Whatever OpenAPI allows, and whatever it does not, gets an answer as it promises."""

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from services import Service

CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
]
SETTINGS = hypothesis.settings(
    max_examples=150, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)


OPERATIONS = [
    ("POST", "/v1/translate", GenerationMode.POSITIVE),
    ("POST", "/v1/translate", GenerationMode.NEGATIVE),
    ("GET", "/v1/models", GenerationMode.POSITIVE),
    ("GET", "/healthz", GenerationMode.POSITIVE),
    ("GET", "/readyz", GenerationMode.POSITIVE),
    ("GET", "/metrics", GenerationMode.POSITIVE),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS)
def test_the_service_keeps_to_what_it_says_of_itself(
    service_of_all_tests: Service, method: str, path: str, mode: GenerationMode
) -> None:
    told = schemathesis.openapi.from_asgi("/openapi.json", service_of_all_tests.app)

    @SETTINGS
    @hypothesis.given(told[path][method].as_strategy(generation_mode=mode))
    def keeps_to_it(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    keeps_to_it()
