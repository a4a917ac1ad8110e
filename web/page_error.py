"""What a page says instead of what was asked for."""


class PageError(Exception):
    """Ends a request with a page that says why; `sentences` are for people.

    `retry_after` are the seconds after which it may be asked for again; 0 if that is not known.
    """

    def __init__(self, status: int, title: str, *sentences: str, retry_after: int = 0) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.sentences = sentences
        self.retry_after = retry_after


class SignInNeededError(PageError):
    """The visitor is not known: a browser is sent to the sign-in page, which leads back."""

    def __init__(self) -> None:
        super().__init__(401, "Sign in first", "This page is for people who have signed in.")
