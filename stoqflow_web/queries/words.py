"""Finding things by the beginnings of their words, however many things there are."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from stoqflow_web.models import OrderWord, ProductWord
from stoqflow_web.search_words import after_all_that_begin_with, words_asked

LONGEST_QUESTION = 500
FEW = 5_000
"""Up to so many matches are looked up one by one and sorted; above it the list is walked in its own order."""


class Found:
    """The condition that a question puts on a list.

    `is_few` says that the condition itself names a few ids: the list then starts from those. Otherwise so many things
    match that walking the list and asking each is the quicker way to fill a page.
    """

    def __init__(self, condition: ColumnElement[bool] | None, *, is_few: bool) -> None:
        self.condition = condition
        self.is_few = is_few


def found_by(
    session: Session,
    question: str,
    words: type[OrderWord] | type[ProductWord],
    thing_id: InstrumentedAttribute[int],
) -> Found:
    """All asked words must match, each as the beginning of a word. A question without words asks for everything."""
    asked = words_asked(cleaned(question))
    if not asked:
        return Found(None, is_few=False)
    owner = _owner(words)
    sizes = [_number_that_match(session, words, word) for word in asked]
    narrowest = min(range(len(asked)), key=lambda index: sizes[index])
    is_few = sizes[narrowest] <= FEW
    conditions: list[ColumnElement[bool]] = [
        thing_id.in_(select(owner).where(*_begins_with(words, word)))
        if is_few and index == narrowest
        else select(owner).where(owner == thing_id, *_begins_with(words, word)).exists()
        for index, word in enumerate(asked)
    ]
    return Found(and_(*conditions), is_few=is_few)


def cleaned(question: str) -> str:
    """What of a typed question can be asked of a database (PostgreSQL refuses a NUL in a text)."""
    return question[:LONGEST_QUESTION].replace("\x00", " ").strip()


def _owner(words: type[OrderWord] | type[ProductWord]) -> Any:
    return OrderWord.sales_order_id if words is OrderWord else ProductWord.product_id


def _begins_with(words: type[OrderWord] | type[ProductWord], word: str) -> tuple[ColumnElement[bool], ...]:
    return (words.word >= word, words.word < after_all_that_begin_with(word))


def _number_that_match(session: Session, words: type[OrderWord] | type[ProductWord], word: str) -> int:
    """How many rows of the index match, counted no further than is needed to know that they are many."""
    some = select(words.word).where(*_begins_with(words, word)).limit(FEW + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
