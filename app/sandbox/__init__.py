"""A school office in a box: a test PKI, synthetic classes, signing and packaging.

For the demonstration, the tests and vendors who try their software; the service never imports it.
Everything comes from a seed and a date, so that two machines make the same octets. Every person,
school and authority carries the word "Mẫu" (specimen) in its name, and no key from here may ever
be trusted by a production process.
"""
