"""Outputs that others published, judged here: the published scores come out, or each difference is known."""
