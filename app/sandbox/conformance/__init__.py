"""The conformance set: packages, good or bad in one way each, and what must become of them.

For vendors, who learn from it what a repository answers, and for whoever runs a repository. It is
made from a seed, a day and the name of a series: the same three always make the same octets, and
another series makes other students and message ids, so that a server can be asked again afresh.
"""
