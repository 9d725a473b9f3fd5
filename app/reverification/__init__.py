"""The archive is proven again: every original read back, hashed, and verified by both engines.

Whoever keeps records for ever must be able to show that they still are what they were. A run reads
originals from the vault, verifies each at its stored time of receipt with the trust and the
registrations of today, lets the second engine verify every signature too, and compares what the
signed content says with what the register keeps. It changes nothing in the archive; what does not
agree is logged as an alarm, recorded, and, where the engines differ, kept as a bundle.
"""
