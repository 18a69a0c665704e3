"""A protocol with another judge: what is reported follows from who judges."""

from dataclasses import replace

from sinan.types import Protocol, Reporting, Scorer


def judged_by(protocol: Protocol, judge: Scorer) -> Protocol:
    """The protocol with this scorer, and with the metrics that the scorer knows of; with the benchmark's own where they
    were those of another scorer."""
    if isinstance(judge, Reporting):
        return replace(protocol, scorer=judge, metrics=judge.reports)
    metrics = () if isinstance(protocol.scorer, Reporting) else protocol.metrics
    return replace(protocol, scorer=judge, metrics=metrics)
