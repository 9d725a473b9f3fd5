"""Why a schema cannot be a table."""


class NotUnderstood(Exception):
    """A schema of ours says what the tables cannot: whoever wrote it must teach them, or reword it.

    Attributes:
        what: the construct, name, value or pattern.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
