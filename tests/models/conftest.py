"""Fixtures of the models room."""

from tests.models.loopback import closed_port, server

__all__ = ["closed_port", "server"]
