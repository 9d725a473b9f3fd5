"""Entitled clients read what the register holds of one transcript: its data, original and report.

A client sees the transcripts of the schools that it may act for; any other code is not found, known
or not. Every read is recorded and committed before the first byte of the answer leaves: no record,
no answer. It never writes to the register and never hands out an original whose digest differs from
the one that was accepted.
"""
