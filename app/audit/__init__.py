"""The append-only record of decisions and of every read of a child's record.

A row says who did what to which object and when, by codes and identifiers: never a name, a mark, a
personal number or an address. It is written in the same transaction as the decision, or before the
bytes are sent, so nothing happens unrecorded. The database refuses to change or remove a row, even
to its owner (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 asks for the log of who read what).
"""
