"""The central repository of signed school transcripts (học bạ số).

School software submits packages, the repository proves every signature in them, keeps the original
bytes for ever and answers look-ups and verifications. One package of this tree is one
responsibility; the docstring of each says what it does and what it must never do.
"""
