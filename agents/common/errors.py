"""The one exception a person is meant to read."""


class Failure(Exception):
    """An error a person can act on: printed as one sentence, exit code non-zero, no traceback.

    `message` says what is wrong; `hint`, when there is one, what to do about it or what was seen
    (a command to run, the end of a log).
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnknownSetting(Failure):
    """A setting that nobody knows: it was meant to set something, so nothing starts without it. Exit code 2."""

    exit_code = 2
