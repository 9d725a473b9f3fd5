"""The arithmetic of an append-only log: what a proof about its Merkle tree proves.

RFC 6962 section 2.1 and, for how proofs are verified, RFC 9162 section 2.1, with SHA-256. `merkle`
is pure: hashes and sizes go in, a refusal may come out.

It never reads or writes anything, never decides whose root is believed, and takes no proof for what
it does not say: neither the size of a tree nor the content behind a hash.
"""
