"""Tables of cases: gold, answer, verdict."""
