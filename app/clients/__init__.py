"""Who may call: accounts of school software and hubs, their tokens, scopes and schools.

A client proves itself with its id and secret and gets a short-lived token (RFC 6749 section 4.4,
RFC 9068). What it may do is its scopes; for whom is the list of schools granted to it, and that
partition of the data is decided here alone. Secrets are kept only as argon2id hashes.
"""
