"""Our schemas as tables that a reader in C can follow: what they accept is surely valid.

A table accepts a part of what its schema takes: wide classes of characters become ASCII, and white
space that a type would collapse is left out. What a table does not accept may still be valid; then
libxml2 decides, which alone refuses. It follows XML Schema Part 1 and 2 (W3C, 28 October 2004), as
far as our schemas use them.

It must never: accept what libxml2 refuses with the same schema, read any schema but our own, pass
over a construct that it does not know (`NotUnderstood`).
"""
