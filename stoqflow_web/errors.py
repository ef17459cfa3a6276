"""The refusals of the domain. Each is named for its reason and carries a sentence fit for a page."""


class StoqflowError(Exception):
    """Something the person in front of the page can understand and act on.

    `status` is the HTTP status that a page answers with when nothing nearer handles the error.
    """

    status = 409

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(StoqflowError):
    """The thing is not here, or not for this person's eyes."""

    status = 404


class NotAllowed(StoqflowError):
    """The person is known but may not do this."""

    status = 403


class Invalid(StoqflowError):
    """What was typed can't be accepted. `field` names the form field the sentence belongs beside."""

    status = 422

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
