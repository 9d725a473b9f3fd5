"""EDGE: the worker process. Leases packages and runs them through the intake's own functions.

It decides nothing itself. Everything that it does is repeatable, so it may be killed at any moment;
what it held is taken over when its lease runs out.
"""
