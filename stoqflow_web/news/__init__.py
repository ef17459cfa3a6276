"""The two ways in which news leaves: e-mail and signed webhooks. They know no database and no Flask.

Each returns what the other side said, or raises NotDelivered.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Letter:
    """What is sent. `key` is the same at each try, by which a repeat is recognised."""

    key: str
    subject: str
    text: str


class NotDelivered(Exception):
    """It did not arrive, or nobody can know that it did.

    `sentence` is fit for a page. `is_final`: trying the same again won't help until somebody changes something.
    `retry_after` is what the other side asked for.
    """

    def __init__(self, sentence: str, *, is_final: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.is_final = is_final
        self.retry_after = retry_after
