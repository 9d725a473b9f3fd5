"""The register of accepted transcripts: which originals are held, and which are in force.

A store below the use cases: intake writes it, look-up and verification read it. One original has
one code for ever, and at most one original is in force per student, school, school year and level
(`domain.md` calls it đang lưu hành). It keeps what look-ups need and never the child's whole
record, and it never opens or commits a transaction: the use case does.
"""
