"""An outsider's check of everything (fsck): neither rows nor objects are believed.

Reads the database with SQL of its own, hashes every object again, derives codes and keyed hashes
again from the repository's keys, reads signed content again, and holds each against the others in
both directions: what a row names must be there, and what is there must have a row. It changes
nothing, runs beside a busy service, and never calls something a fault that it did not see twice.

It must never ask another package for its view of a row: that view is what is examined. Findings
name packages, codes and digests, never a person.
"""
