"""Ids in the forms bol uses. All take the world's own random numbers, so that a seed gives the same ids."""

from datetime import datetime
from random import Random
from uuid import UUID

# No letters that are read as digits.
ORDER_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTVWXYZ"


def order_id(random: Random) -> str:
    return "C000" + "".join(random.choices(ORDER_LETTERS, k=6))


def digits(random: Random, first: str, length: int) -> str:
    return first + "".join(random.choices("0123456789", k=length - len(first)))


def offer_id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def process_id(random: Random, now: datetime) -> str:
    """A UUID of version 7: the milliseconds come first, so that they sort by time."""
    value = int(now.timestamp() * 1000) << 80 | 0x7 << 76 | random.getrandbits(12) << 64
    return str(UUID(int=value | 0b10 << 62 | random.getrandbits(62)))


def check_digit(twelve: str) -> str:
    """The last digit of an EAN-13."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return str(-total % 10)


def ean(random: Random, first: str = "87") -> str:
    twelve = digits(random, first, 12)
    return twelve + check_digit(twelve)
