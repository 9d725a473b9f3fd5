"""Which schools and provinces exist.

It names schools and says which province they belong to; it never derives anything from a code.
Codes are opaque texts with leading zeros.
"""
