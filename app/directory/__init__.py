"""Which codes, provinces and schools exist, each with the days for which that holds.

Code lists are files of the product (`lists/`); schools, their staff and who teaches what come from
an operator's files. It says what a school is today and what it was on a document's own day; it
never derives anything from a code. Codes are opaque texts with leading zeros. Personal numbers of
staff are kept as keyed hashes only (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15).
"""
