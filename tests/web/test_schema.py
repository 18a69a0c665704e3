"""The site keeps to its OpenAPI document, whoever asks and whatever is sent: schemathesis, in this process.

A few examples of each operation in every run of the tests, always the same; minutes of it where `SINAN_LONG_TESTS` is
set, ten or as many as it says behind a colon: `SINAN_LONG_TESTS=schema:5`.
"""

import os
import shutil
import time

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from sinan.web.app import application
from sinan.web.config import Config
from sinan.web.service import people, shelf
from sinan.web.service.maker import once
from sinan.web.service.making import Maker
from sinan.web.site import opened

LONG = os.environ.get("SINAN_LONG_TESTS", "")
MINUTES = float(LONG.partition(":")[2] or 10)
EXAMPLES = 8
HERE = {"Host": "127.0.0.1"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
WHO = ("nobody", "evaluator", "admin")


@pytest.fixture(scope="module")
def asked(tmp_path_factory, sample_runs):
    """A site, and the headers of each who asks."""
    folder = tmp_path_factory.mktemp("schema")
    shutil.copytree(sample_runs, folder / "runs")
    site = opened(Config(runs=folder / "runs", site=folder / "site", port=0, rate=0))
    headers: dict[str, dict[str, str]] = {"nobody": {}}
    with site.database.write() as connection:
        for name in ("evaluator", "admin"):
            number = people.create(connection, name, None, name)
            _, secret = people.new_token(connection, number, "schema", list(people.SCOPES), None)
            headers[name] = {"Authorization": f"Bearer {secret}"}
    shelf.index(site.database, site.runs, public=True)
    once(site.database, Maker(site.config.site / "boards", site.runs))
    yield application(site), headers
    site.database.close()


@pytest.fixture(scope="module")
def document(asked):
    found = schemathesis.openapi.from_asgi("/openapi.json", asked[0], headers=HERE)
    found.config.generation.update(with_security_parameters=False)  # who asks is said by the headers of each
    return found


def held_to(document, headers, examples, seed_):
    """Each operation is asked with made-up values, as each who may ask."""
    for found in document.get_all_operations():
        operation = found.ok()

        @seed(seed_)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def holds(case):
            for who in WHO:
                case.call_and_validate(headers=HERE | headers[who], checks=CHECKS)

        holds()


def test_the_document_says_how_one_says_who_one_is(asked):
    told = asked[0].openapi()
    schemes = told["components"]["securitySchemes"]
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "sinan_session")
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")
    assert {name for way in told["security"] for name in way} == set(schemes) and {} in told["security"]
    assert told is asked[0].openapi()


def test_every_answer_is_one_that_the_document_allows(document, asked):
    held_to(document, asked[1], EXAMPLES, 7)


if LONG:

    def test_minutes_of_it(document, asked):
        until, number = time.monotonic() + 60 * MINUTES, 0
        while time.monotonic() < until:
            number += 1
            held_to(document, asked[1], 20, number)
