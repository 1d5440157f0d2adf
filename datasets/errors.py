"""The one exception for what a person can mend: a wrong path, column, option or file."""


class UserError(Exception):
    """A fault in what the user gave, told in one line that names the input and the mend.

    The commands print it without a traceback and exit with `exit_code`: 2 for a wrong command line or input
    (nothing was started), 1 for what went wrong later (a full disk, a loss that became NaN).
    """

    def __init__(self, message: str, exit_code: int = 2):
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code
