"""Anyone may check a transcript by its code, without an account, as JSON or as a page.

The answer says whether the original is kept unaltered, what was proven about it and what was not
checked. It shows a masked name, school, province, school year, level and status, and nothing else
about a child: no marks, no class, no birth date, no number. It reads the register through the
role hocba_verifier and its view only, never writes to it, and records every check before it
answers, without the address of who asked.
"""
