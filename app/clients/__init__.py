"""Who may call: accounts, how they prove themselves, their tokens, rights and rates.

A client is of one kind (hub, school, department, relying party, Ministry), which bounds its scopes.
It proves itself with a secret or a signed assertion (RFC 7521, 7523) and gets a short-lived token
(RFC 6749 section 4.4, RFC 9068) that can be revoked at once (RFC 7009). For whom it may act is its
grants, and `partition` alone reads them: no other package asks whose data something is. Secrets
are kept only as argon2id hashes; every change of an account is audited in the same transaction.
"""
