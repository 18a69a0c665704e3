"""A file of questions whose answers a server on loopback knows."""

import pytest

from tests.stopping.models import questions


@pytest.fixture
def work(tmp_path):
    questions(tmp_path)
    return tmp_path
