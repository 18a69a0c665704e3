"""The published outputs, where this machine has them."""

from tests.catalog.conftest import data, mirrored

__all__ = ["data", "mirrored"]
