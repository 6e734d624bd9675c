"""The one exception a person is meant to read."""


class Failure(Exception):
    """An error a person can act on. It is printed without a traceback, and the exit code is not zero.

    Attributes:
        message: what happened, and to what; one sentence.
        hint: what to do next, or what was seen, such as the end of a log; None without any.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnknownSetting(Failure):
    """A setting that does not exist. Nothing starts, because it was meant to set something. Exit code 2."""

    exit_code = 2
