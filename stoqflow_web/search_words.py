"""Turns texts and questions into the words they are found by.

A thing is found by the beginning of each of its words, in any order, without regard to case or accents. Words live in
a table of their own (`order_words`, `product_words`), so a search is a range of an index however many orders there are.
"""

import re
import unicodedata

LONGEST = 60  # the width of the column
MOST_WORDS_ASKED = 8

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CODE = re.compile(r"\S+")


def fold(text: str) -> str:
    """Lower case, without accents: `Geneviève` and `GENEVIEVE` are the same. Other scripts stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words_of(*texts: str | None) -> set[str]:
    """Every word to keep for a thing. A code such as SO-10482 is kept whole and in its parts."""
    found: set[str] = set()
    for text in texts:
        if text:
            folded = fold(text)
            found.update(word[:LONGEST] for word in _WORD.findall(folded))
            found.update(_trimmed(code)[:LONGEST] for code in _CODE.findall(folded))
    found.discard("")
    return found


def words_asked(question: str) -> list[str]:
    """The beginnings of words that a question asks for, each to be matched."""
    codes = [_trimmed(code)[:LONGEST] for code in _CODE.findall(fold(question))]
    return [code for code in codes if code][:MOST_WORDS_ASKED]


def after_all_that_begin_with(word: str) -> str:
    """The end of the index range of words that begin with `word`."""
    return word + "\U0010ffff"


def _trimmed(code: str) -> str:
    return code.strip(".,;:()[]<>\"'&")
