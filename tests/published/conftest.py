"""What others published: their outputs, and the scores that they published with them."""

from tests.catalog.conftest import data, mirrored

__all__ = ["data", "mirrored"]
