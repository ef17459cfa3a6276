"""What an offer means, rule by rule, without any database."""

import pytest

from stoqflow_web.matching import (
    Decision,
    Facts,
    Outcome,
    decide,
    is_cut,
    kept_reference,
    missing_data,
    normalise_ean,
)
from stoqflow_web.models import Offer, Product

MUG = Product(sku="MUG", ean="8711234567890", ean_normalised="8711234567890", title="Mok")
BOWL = Product(sku="BOWL", ean="8719876543210", ean_normalised="8719876543210", title="Kom")
BARE = Product(sku="MUG", ean=None, ean_normalised=None, title=None)


def an_offer(reference: str | None = "MUG", *, product: Product | None = None, **columns: str | None) -> Offer:
    columns = {"ean": "8711234567890", "ean_normalised": "8711234567890", **columns}
    return Offer(external_id="offer-1", reference=kept_reference(reference), product=product, **columns)


def case(sentence: str, offer: Offer, facts: Facts, expected: Decision) -> object:
    return pytest.param(offer, facts, expected, id=sentence)


@pytest.mark.parametrize(
    ("offer", "facts", "expected"),
    [
        case(
            "an offer that has its product keeps it whatever its reference says now",
            an_offer("OTHER", product=MUG),
            Facts(by_sku=BOWL, by_ean=[BOWL], is_reference_doubled=True),
            Decision(Outcome.UNCHANGED, MUG),
        ),
        case(
            "the product with the reference as its SKU is meant",
            an_offer(),
            Facts(by_sku=MUG),
            Decision(Outcome.MATCHED, MUG),
        ),
        case(
            "SKU and EAN may both say it",
            an_offer(),
            Facts(by_sku=MUG, by_ean=[MUG]),
            Decision(Outcome.MATCHED, MUG),
        ),
        case(
            "the SKU settles it when several products have the EAN and it is one of them",
            an_offer(),
            Facts(by_sku=MUG, by_ean=[BOWL, MUG]),
            Decision(Outcome.MATCHED, MUG),
        ),
        case(
            "SKU and EAN that point at two products are reported",
            an_offer(),
            Facts(by_sku=MUG, by_ean=[BOWL]),
            Decision(Outcome.PROBLEM, code="sku_and_ean_disagree"),
        ),
        case(
            "a product without EAN disagrees too when the EAN is surely another's",
            an_offer(),
            Facts(by_sku=BARE, by_ean=[BOWL]),
            Decision(Outcome.PROBLEM, code="sku_and_ean_disagree"),
        ),
        case(
            "an EAN that the shop itself doubles says nothing against a product without EAN",
            an_offer(),
            Facts(by_sku=BARE, by_ean=[BOWL], is_ean_doubled=True),
            Decision(Outcome.MATCHED, BARE),
        ),
        case(
            "a doubled EAN still disagrees with a product that has another EAN",
            an_offer(),
            Facts(by_sku=MUG, by_ean=[BOWL], is_ean_doubled=True),
            Decision(Outcome.PROBLEM, code="sku_and_ean_disagree"),
        ),
        case(
            "a doubled reference is never guessed, not even when its SKU is here",
            an_offer(),
            Facts(by_sku=MUG, by_ean=[MUG], is_reference_doubled=True),
            Decision(Outcome.PROBLEM, code="doubled_reference"),
        ),
        case(
            "without the SKU here, the only product with the EAN is meant",
            an_offer("NEW-1"),
            Facts(by_ean=[MUG]),
            Decision(Outcome.MATCHED, MUG),
        ),
        case(
            "an EAN that several products have is reported",
            an_offer("NEW-1"),
            Facts(by_ean=[MUG, BOWL]),
            Decision(Outcome.PROBLEM, code="ean_matches_several"),
        ),
        case(
            "an EAN that the shop doubles makes a new product, with a hint",
            an_offer("NEW-1"),
            Facts(by_ean=[MUG], is_ean_doubled=True),
            Decision(Outcome.NEW, hint="doubled_ean"),
        ),
        case(
            "a doubled EAN makes a new product even when several have it",
            an_offer("NEW-1"),
            Facts(by_ean=[MUG, BOWL], is_ean_doubled=True),
            Decision(Outcome.NEW, hint="doubled_ean"),
        ),
        case(
            "a product that another offer of the shop sells is not taken by EAN",
            an_offer("NEW-1"),
            Facts(by_ean=[MUG], is_ean_product_taken=True),
            Decision(Outcome.NEW, hint="doubled_ean"),
        ),
        case("nothing here like it makes a new product", an_offer("NEW-1"), Facts(), Decision(Outcome.NEW)),
        case(
            "without reference the only product with the EAN is meant",
            an_offer(None),
            Facts(by_ean=[MUG]),
            Decision(Outcome.MATCHED, MUG),
        ),
        case(
            "without reference an EAN that the shop doubles is reported",
            an_offer(None),
            Facts(by_ean=[MUG], is_ean_doubled=True),
            Decision(Outcome.PROBLEM, code="no_reference"),
        ),
        case(
            "without reference an EAN of several products is reported",
            an_offer(None),
            Facts(by_ean=[MUG, BOWL]),
            Decision(Outcome.PROBLEM, code="no_reference"),
        ),
        case(
            "without reference and without a product by EAN it is reported",
            an_offer(None),
            Facts(),
            Decision(Outcome.PROBLEM, code="no_reference"),
        ),
        case("a blank reference is none", an_offer("  \t "), Facts(), Decision(Outcome.PROBLEM, code="no_reference")),
        case(
            "a reference that is too long to keep is reported",
            an_offer("X" * 101),
            Facts(by_ean=[MUG]),
            Decision(Outcome.PROBLEM, code="overlong_reference"),
        ),
    ],
)
def test_an_offer_is_decided(offer: Offer, facts: Facts, expected: Decision) -> None:
    assert decide(offer, facts) == expected


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("8711234567890", "8711234567890", id="13 digits stay"),
        pytest.param("7740404", "0000007740404", id="leading zeros are put back"),
        pytest.param("0000007740404", "0000007740404", id="leading zeros stay"),
        pytest.param(" 036000291452\n", "0036000291452", id="blanks around it are nothing"),
        pytest.param("10036000291459", "10036000291459", id="14 digits stay"),
        pytest.param("978-90-1", "978-90-1", id="what is no number only matches itself"),
        pytest.param("٠١٢٣", "٠١٢٣", id="only the digits 0 to 9 are digits"),
        pytest.param("", None, id="empty is none"),
        pytest.param("   ", None, id="blank is none"),
        pytest.param(None, None, id="missing is none"),
        pytest.param("1" * 51, None, id="too long can't be one"),
    ],
)
def test_eans_are_compared_with_their_leading_zeros(given: str | None, kept: str | None) -> None:
    assert normalise_ean(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("007", "007", id="leading zeros stay"),
        pytest.param("a1", "a1", id="small letters stay small"),
        pytest.param(" A1 ", "A1", id="blanks around it go"),
        pytest.param("A  1", "A  1", id="blanks inside stay"),
        pytest.param("A\0001", "A1", id="NUL goes because PostgreSQL refuses it"),
        pytest.param("X" * 100, "X" * 100, id="a hundred characters are kept"),
        pytest.param("", None, id="empty is none"),
        pytest.param(None, None, id="missing is none"),
    ],
)
def test_references_become_skus_as_they_are(given: str | None, kept: str | None) -> None:
    assert kept_reference(given) == kept


def test_a_reference_that_is_too_long_is_cut_and_marked() -> None:
    kept = kept_reference("X" * 40_000)
    assert kept is not None
    assert len(kept) == 100
    assert is_cut(kept)
    assert not is_cut("X" * 100)


def test_only_what_is_missing_is_filled_in() -> None:
    assert missing_data(an_offer(title="Other"), MUG, Facts(by_ean=[MUG])) == {}
    assert missing_data(an_offer(title="Mug"), BARE, Facts()) == {
        "ean": "8711234567890",
        "ean_normalised": "8711234567890",
        "title": "Mug",
    }


def test_an_ean_of_another_product_is_not_given_to_a_second_one() -> None:
    assert missing_data(an_offer(), BARE, Facts(by_ean=[BOWL])) == {}
    assert "ean" in missing_data(an_offer(), BARE, Facts(by_ean=[BOWL], is_ean_doubled=True))
