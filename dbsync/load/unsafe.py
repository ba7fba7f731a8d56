"""What a superuser must not do on a scratch server, because it would run the file's code."""


class UnsafeActError(Exception):
    """An act would run what the file has made with a superuser's rights; `hint` says what to do instead."""

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.message = message
        self.hint = hint
