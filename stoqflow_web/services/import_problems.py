"""Notes what in a run a person can solve."""

from stoqflow_web import clock
from stoqflow_web.models import ImportProblem, ImportRun, Offer, OrderLine
from stoqflow_web.transaction import Transaction

SUBJECT_WIDTH = 120


def note(tx: Transaction, run: ImportRun, code: str, subject: str, **details: object) -> None:
    """Add a problem and count it. Details that are not known are left out."""
    _add(tx, run, code, subject, details)


def note_offer(
    tx: Transaction, run: ImportRun, code: str, offer: Offer, *, is_hint: bool = False, **details: object
) -> None:
    """The same, about one of our offers.

    A hint is shown like a problem but not counted, because its offer is already counted as new or matched: the counts
    of a run add up to the number of offers.
    """
    subject = offer.reference or offer.ean or offer.title or offer.external_id
    of_offer = {"offer_id": offer.external_id, "reference": offer.reference, "ean": offer.ean, "title": offer.title}
    _add(tx, run, code, subject, of_offer | details, offer_id=offer.id, is_hint=is_hint)


def note_line(tx: Transaction, run: ImportRun, code: str, line: OrderLine, **details: object) -> None:
    """The same, about a line of an order; it counts as solved once the line has a product."""
    item = line.item
    of_line = {"line": line.position, "reference": item.reference, "ean": item.ean, "title": item.title}
    _add(tx, run, code, line.sales_order.marketplace_order.external_id, of_line | details, order_line_id=line.id)


def _add(
    tx: Transaction,
    run: ImportRun,
    code: str,
    subject: str,
    details: dict[str, object],
    *,
    offer_id: int | None = None,
    order_line_id: int | None = None,
    is_hint: bool = False,
) -> None:
    run.count_problems += not is_hint
    tx.session.add(
        ImportProblem(
            run_id=run.id,
            code=code,
            subject=subject[:SUBJECT_WIDTH],
            details={name: value for name, value in details.items() if value is not None},
            offer_id=offer_id,
            order_line_id=order_line_id,
            created_at=clock.now(),
        )
    )
