"""Mathematical answers: read with a grammar of our own, compared exactly where that is quick, else in workers.

Nothing that a model wrote is evaluated as a program: the grammar knows numbers, letters and a list of functions.
"""
