"""The documents that a task asks, through the library `datasets`: files of one's own, folders, or the Hugging Face hub.

Which rows they are is part of a benchmark's version: a hash of the content, the same on every machine.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sinan.errors import DataError, MissingExtra, UsageError
from sinan.lm_eval.config import Config
from sinan.lm_eval.functions import called, loaded

Splits = Mapping[str, Any]
"""By name; each a `datasets.Dataset`."""

_BY_CODE = {"pandas", "spark", "webdataset"}
"""Readers of `datasets` that may run what is in a file."""


def splits(config: Config, trust: bool) -> Splits:
    """All splits of the task's data. Raises DataError where they cannot be had."""
    where = f"{config.task}: custom_dataset"
    if config.custom_dataset is not None:
        make = loaded(config.custom_dataset, trust, where)
        made: Splits = called(where, make, **config.metadata, **config.dataset_kwargs)
        return made
    if config.dataset_path is None:
        raise UsageError(f"{config.task}: it says no dataset_path, so there is nothing to ask")
    if config.dataset_path in _BY_CODE and not trust:
        raise UsageError(
            f"{config.task}: data in the form `{config.dataset_path}` can hold code, which runs only where you say so. "
            "Remedy: read it, then add --trust"
        )
    found = _loaded(config)
    if not isinstance(found, Mapping):
        raise DataError(f"{config.task}: {config.dataset_path} gives no splits; leave `split` out of dataset_kwargs")
    return found


def _loaded(config: Config) -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtra(f"the data of {config.task}", "datasets", "lm-eval") from None
    options = {key: value for key, value in config.dataset_kwargs.items() if key != "trust_remote_code"}
    if options.get("streaming"):
        raise UsageError(f"{config.task}: streamed data cannot be counted or hashed; leave `streaming` out")
    datasets.disable_progress_bars()
    name = f"{config.dataset_path}" + (f" ({config.dataset_name})" if config.dataset_name else "")
    try:
        with _quietly():
            return datasets.load_dataset(path=config.dataset_path, name=config.dataset_name, **options)
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(
            f"{config.task}: the data {name} cannot be had: {type(error).__name__}: {said}. Remedy: go online once, so "
            "that they are kept in the cache of `datasets`, or name local files under dataset_path and data_files"
        ) from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the lines in which the hub's client tells of every attempt: what comes of them is told in one."""
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def split(config: Config, data: Splits, name: str) -> Any:
    """One split. Raises DataError with the ones that are there."""
    if name not in data:
        raise DataError(f"{config.task}: its data have no split {name}; there are {', '.join(map(str, data))}")
    return data[name]


def digest(tables: Iterable[tuple[str, Any]]) -> str:
    """sha256 of the content of named splits, however they were stored."""
    import pyarrow as pa

    total = hashlib.sha256()
    for name, table in tables:
        total.update(f"{name}\n".encode())
        if not hasattr(table, "with_format"):
            total.update(repr(list(table)).encode("utf-8", "surrogatepass"))
            continue
        for batch in table.with_format("arrow").iter(batch_size=1_000):
            sink = pa.BufferOutputStream()
            rows = batch.replace_schema_metadata(None).combine_chunks()
            with pa.ipc.new_stream(sink, rows.schema) as stream:
                stream.write_table(rows)
            total.update(sink.getvalue())
    return total.hexdigest()


def rows(documents: Any) -> Sequence[Mapping[str, Any]]:
    """Documents by number: a Dataset as it is, anything else as a list."""
    return documents if hasattr(documents, "features") else list(documents)
