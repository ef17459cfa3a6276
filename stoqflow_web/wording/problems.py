"""What the pages say about a problem of an import run: what it is, about which thing, and what to do about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask_babel import gettext as _

from stoqflow_web.clock import AMSTERDAM
from stoqflow_web.models import ImportProblem

Details = Mapping[str, Any]

NO_REFERENCE = "no_reference"
DOUBLED_REFERENCE = "doubled_reference"
DOUBLED_EAN = "doubled_ean"
SKU_AND_EAN_DISAGREE = "sku_and_ean_disagree"
EAN_MATCHES_SEVERAL = "ean_matches_several"
OVERLONG_REFERENCE = "overlong_reference"
UNKNOWN_PRODUCT = "unknown_product"
ORDER_GONE = "order_gone"
ANSWER_NOT_UNDERSTOOD = "answer_not_understood"
ORDER_NOT_STORED = "order_not_stored"
PRODUCT_WITHOUT_EAN = "product_without_ean"
STOCK_DIFFERS = "stock_differs"
CHANGED_RECENTLY = "changed_recently"
UNKNOWN_TO_CATALOGUE = "unknown_to_catalogue"

# The checks of the readiness report, in the order a person should solve them.
CHECKS = (NO_REFERENCE, DOUBLED_REFERENCE, DOUBLED_EAN, PRODUCT_WITHOUT_EAN, STOCK_DIFFERS, CHANGED_RECENTLY)


@dataclass(frozen=True)
class Kind:
    """What all problems of one code share: a title, and what a person does about it."""

    title: str
    advice: str


@dataclass(frozen=True)
class ProblemWords:
    """One problem on a page. `step` and `step_url` are empty when the step is to be taken at bol.com.

    `subject` is what people know the thing by best: its title, else reference, else EAN; of an order its number.
    `codes` are the other ways to know it, and `offer` is bol.com's id of it, for whoever searches by that.
    """

    title: str
    subject: str
    sentence: str
    advice: str
    step: str = ""
    step_url: str = ""
    codes: tuple[str, ...] = ()
    offer: str = ""


def describe(problem: ImportProblem, known_title: str | None = None) -> ProblemWords:
    """The words for a problem; one of an unknown code shows what is known, so nothing ever goes missing.

    `known_title` is what is known elsewhere of the thing, for a problem that brings no title itself.
    """
    details = problem.details or {}
    kind = kind_of(problem.code)
    sentence = _SENTENCES[problem.code](details) if problem.code in _SENTENCES else _plainly(details)
    step, step_url = _next_step(problem, details)
    if problem.order_line_id is not None and details.get("line") is not None:
        sentence = _("line %(line)s: %(sentence)s", line=details["line"], sentence=sentence)
    if problem.order_line_id is not None or "line" in details:
        return ProblemWords(kind.title, problem.subject, sentence, kind.advice, step, step_url)
    subject = str(details.get("title") or known_title or problem.subject)
    return ProblemWords(
        kind.title, subject, sentence, kind.advice, step, step_url, _codes(details, subject, sentence), _offer(details)
    )


def _codes(details: Details, *told: str) -> tuple[str, ...]:
    """Reference and EAN, as far as they are known and were not told yet."""
    reference, ean = (str(details.get(name) or "") for name in ("reference", "ean"))
    codes = (
        (reference, _("reference %(reference)s", reference=reference)),
        (ean, _("EAN %(ean)s", ean=ean)),
    )
    return tuple(words for code, words in codes if code and not any(code in text for text in told))


def _offer(details: Details) -> str:
    if details.get("offer_ids"):
        return _("offers %(offers)s", offers=_told(details, "offer_ids"))
    return _("offer %(offer)s", offer=details["offer_id"]) if details.get("offer_id") else ""


def kind_of(code: str) -> Kind:
    return _kinds().get(code) or Kind(code.replace("_", " ").capitalize(), "")


def _kinds() -> Mapping[str, Kind]:
    return {
        NO_REFERENCE: Kind(
            _("Offers without reference"),
            _("Give the offer an internal reference at bol.com (it becomes the SKU here), then transfer again."),
        ),
        DOUBLED_REFERENCE: Kind(
            _("References used twice"),
            _("Give each of these offers a reference of its own at bol.com, then transfer again."),
        ),
        DOUBLED_EAN: Kind(
            _("EANs used twice"),
            _("Check which is right. If both are the same thing, give them the same SKU; else correct one EAN."),
        ),
        SKU_AND_EAN_DISAGREE: Kind(
            _("SKU and EAN point at different products"),
            _("Correct the reference or the EAN at bol.com, or the product here, then transfer again."),
        ),
        EAN_MATCHES_SEVERAL: Kind(
            _("One EAN, several products"),
            _("Choose the product, or give only one of them this EAN and transfer again."),
        ),
        OVERLONG_REFERENCE: Kind(
            _("References that are too long"),
            _("Shorten the reference at bol.com to at most 100 characters, then transfer again."),
        ),
        UNKNOWN_PRODUCT: Kind(
            _("Order lines whose product is not known"),
            _(
                "Choose the product. If bol.com said which offer it is, the next orders of that offer find it by"
                " themselves; else the choice is for that line only."
            ),
        ),
        ORDER_GONE: Kind(
            _("Orders that bol.com no longer shows"),
            _("Mostly the order was handled or canceled meanwhile. If you expected it, look in your seller account."),
        ),
        ANSWER_NOT_UNDERSTOOD: Kind(
            _("Answers of bol.com that could not be read"),
            _("Transfer again. If it stays, report it with this sentence; the order is untouched at bol.com."),
        ),
        ORDER_NOT_STORED: Kind(
            _("Orders that Stoqflow could not store"),
            _("Report it with what the log says. It is tried again each time; the order is untouched at bol.com."),
        ),
        PRODUCT_WITHOUT_EAN: Kind(
            _("Products here without EAN"),
            _("Give its offer the EAN at bol.com and transfer the products: what is missing here is filled in."),
        ),
        STOCK_DIFFERS: Kind(
            _("Stock that differs"),
            _("Count the product, then correct the stock here or at bol.com. A transfer keeps the stock that is here."),
        ),
        CHANGED_RECENTLY: Kind(
            _("Changes younger than an hour"),
            _("bol.com may still be working on the change. Wait an hour before transferring."),
        ),
        UNKNOWN_TO_CATALOGUE: Kind(
            _("Products that bol.com's catalogue does not know"),
            _("Check the EAN. Without a title the product is shown by its SKU."),
        ),
    }


def _no_reference(details: Details) -> str:
    return _("has no reference")


def _doubled_reference(details: Details) -> str:
    if offers := details.get("offer_ids"):
        return _("%(number)s offers have this reference", number=len(offers))
    if reference := details.get("reference"):
        return _("another offer has the reference %(reference)s too", reference=reference)
    return _("another offer has this reference too")


def _doubled_ean(details: Details) -> str:
    ean, offers, skus = _told(details, "ean"), details.get("offer_ids"), details.get("skus")
    if offers and skus:
        return _(
            "%(number)s offers have EAN %(ean)s (%(skus)s)", number=len(offers), ean=ean, skus=_told(details, "skus")
        )
    if offers:
        return _("%(number)s offers have EAN %(ean)s", number=len(offers), ean=ean)
    return _("another offer has EAN %(ean)s too", ean=ean)


def _sku_and_ean_disagree(details: Details) -> str:
    return _(
        "SKU %(reference)s and EAN %(ean)s belong to different products (%(skus)s)",
        reference=_told(details, "product_sku" if details.get("product_sku") else "reference"),
        ean=_told(details, "ean"),
        skus=_told(details, "skus"),
    )


def _ean_matches_several(details: Details) -> str:
    skus = details.get("skus") or ()
    if len(skus) == 2:
        return _("EAN %(ean)s matches two products (%(skus)s)", ean=_told(details, "ean"), skus=_told(details, "skus"))
    return _("EAN %(ean)s matches several products (%(skus)s)", ean=_told(details, "ean"), skus=_told(details, "skus"))


def _overlong_reference(details: Details) -> str:
    return _("the reference is longer than 100 characters")


def _unknown_product(details: Details) -> str:
    reference, ean = details.get("reference"), details.get("ean")
    known = [reference and _("SKU %(sku)s", sku=reference), ean and _("EAN %(ean)s", ean=ean)]
    by = ", ".join(words for words in known if words)
    title = _told(details, "title")
    if not by:
        return _("“%(title)s” is not known here", title=title)
    return _("“%(title)s” is not known here (%(by)s)", title=title, by=by)


def _order_gone(details: Details) -> str:
    return _("was in bol.com's list of open orders, but is not there when asked for")


def _answer_not_understood(details: Details) -> str:
    return str(details.get("why") or _("the answer is not what bol.com documents"))


def _order_not_stored(details: Details) -> str:
    return _("could not be stored; Stoqflow's log says more (%(why)s)", why=_told(details, "why"))


def _product_without_ean(details: Details) -> str:
    return _("has no EAN")


def _stock_differs(details: Details) -> str:
    return _("%(here)s here, %(there)s at bol.com", here=_told(details, "here"), there=_told(details, "there"))


def _changed_recently(details: Details) -> str:
    return _("changed at bol.com at %(time)s", time=_time(details.get("changed_at")))


def _unknown_to_catalogue(details: Details) -> str:
    return _("bol.com's catalogue has nothing for EAN %(ean)s", ean=_told(details, "ean"))


_SENTENCES: Mapping[str, Callable[[Details], str]] = {
    NO_REFERENCE: _no_reference,
    DOUBLED_REFERENCE: _doubled_reference,
    DOUBLED_EAN: _doubled_ean,
    SKU_AND_EAN_DISAGREE: _sku_and_ean_disagree,
    EAN_MATCHES_SEVERAL: _ean_matches_several,
    OVERLONG_REFERENCE: _overlong_reference,
    UNKNOWN_PRODUCT: _unknown_product,
    ORDER_GONE: _order_gone,
    ANSWER_NOT_UNDERSTOOD: _answer_not_understood,
    ORDER_NOT_STORED: _order_not_stored,
    PRODUCT_WITHOUT_EAN: _product_without_ean,
    STOCK_DIFFERS: _stock_differs,
    CHANGED_RECENTLY: _changed_recently,
    UNKNOWN_TO_CATALOGUE: _unknown_to_catalogue,
}


def _next_step(problem: ImportProblem, details: Details) -> tuple[str, str]:
    if problem.order_line_id is not None:
        return _("Choose product"), f"/order-lines/{problem.order_line_id}/product"
    if problem.code in (PRODUCT_WITHOUT_EAN, STOCK_DIFFERS, UNKNOWN_TO_CATALOGUE):
        return _("Show product"), _product_search(details.get("product_sku") or problem.subject)
    if problem.code in (SKU_AND_EAN_DISAGREE, EAN_MATCHES_SEVERAL, DOUBLED_EAN) and details.get("ean"):
        return _("Show products"), _product_search(details["ean"])
    return "", ""


def _product_search(words: object) -> str:
    return f"/products?q={quote(str(words))}"


def _told(details: Details, name: str) -> str:
    """A detail as text; a dash for one that was not given."""
    value = details.get(name)
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value) or "—"
    return "—" if value is None or value == "" else str(value)


def _time(text: object) -> str:
    try:
        return datetime.fromisoformat(str(text)).astimezone(AMSTERDAM).strftime("%H:%M")
    except ValueError:
        return str(text or "—")


def _plainly(details: Details) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {_told(details, name)}" for name in details)
