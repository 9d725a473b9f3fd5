"""Telling clients that a package is finished, so that nobody has to poll (Standard Webhooks 1.0).

The event is a row written by the transaction that makes the reply (an outbox); the worker sends it
until the receiver answers 2xx, for three days at most, then it is dead and may be replayed. It may
arrive twice, always under the same `webhook-id`; the events of one webhook go one after the other.

A secret is derived from the repository's key and the webhook's own id: a hash could not sign, and
nothing that signs lies in the database. An event holds ids, counts and a link: never personal data.

Must never: follow a redirect, read more of an answer than its head, or connect to another address
than the one that was checked; reach an inside address, but for loopback in a sandbox.
"""
