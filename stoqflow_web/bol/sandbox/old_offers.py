"""Offers v10, deprecated but still there: one offer, its stock, and the export file."""

import csv
import io
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from stoqflow_web.bol.sandbox import identifiers
from stoqflow_web.bol.sandbox.answers import V10, Answer, Call, vendor_media
from stoqflow_web.bol.sandbox.checking import Body
from stoqflow_web.bol.sandbox.offers import bundle_prices, corrector, is_for_sale, not_for_sale_reasons
from stoqflow_web.bol.sandbox.problems import not_found
from stoqflow_web.bol.sandbox.process_statuses import accepted
from stoqflow_web.bol.sandbox.records import Offer, Refused, Report
from stoqflow_web.bol.sandbox.state import State
from stoqflow_web.bol.sandbox.wire import fields, number

# bol's documentation: asking again within 15 minutes gives the same file; a file lives 14 days.
SAME_FILE = timedelta(minutes=15)
FILE_KEPT = timedelta(days=14)
MOST_STOCK = 999
COLUMNS = [
    "offerId",
    "ean",
    "conditionName",
    "conditionCategory",
    "conditionComment",
    "bundlePricesPrice",
    "fulfilmentDeliveryCode",
    "stockAmount",
    "onHoldByRetailer",
    "fulfilmentType",
    "mutationDateTime",
    "referenceCode",
    "economicOperatorId",
]
DELIVERY_CODES = {"MY_DELIVERY_PROMISE": "MijnLeverbelofte", "SHIPPING_VIA_BOL": "VVB"}


def get_offer(state: State, call: Call) -> Answer:
    """GET /retailer/offers/{offer-id} as v10 knows it."""
    offer = state.offers.get(call.target)
    if offer is None:
        raise not_found(call.path, f"Offer with id {call.target} not found.")
    return call.answer(_described(offer, corrector(state)(offer), state.nulls))


def put_stock(state: State, call: Call) -> Answer:
    """PUT /retailer/offers/{offer-id}/stock: queued, 0 to 999."""
    body = Body(call)
    amount = body.whole(body.content, "amount", "amount", 0, MOST_STOCK, required=True)
    managed = body.flag(body.content, "managedByRetailer", "managedByRetailer", required=True)
    body.done()
    process = state.enqueue(
        "UPDATE_OFFER_STOCK",
        f"Update stock for offer with id {call.target}.",
        partial(_put_stock, call.target, amount or 0, bool(managed)),
        entity_id=call.target,
    )
    return accepted(state, call, process)


def ask_export(state: State, call: Call) -> Answer:
    """POST /retailer/offers/export."""
    body = Body(call)
    body.text(body.content, "format", "format", required=True, allowed=("CSV",))
    body.done()
    process = state.enqueue("CREATE_OFFER_EXPORT", "Create an offer export.", _export)
    return accepted(state, call, process)


def get_export(state: State, call: Call) -> Answer:
    """GET /retailer/offers/export/{report-id}: the CSV."""
    report = state.reports.get(call.target)
    if report is None or state.clock.now() > report.made_at + FILE_KEPT:
        raise not_found(call.path)
    return Answer(200, report.content, vendor_media(V10, "csv") + ";charset=UTF-8")


def _put_stock(offer_id: str, amount: int, managed: bool, state: State) -> str:
    offer = state.offers.get(offer_id)
    if offer is None:
        raise Refused(f"Offer with id {offer_id} not found.")
    offer.stock, offer.managed_by_retailer = amount, managed
    offer.modified_at = state.clock.now()
    return offer_id


def _export(state: State) -> str:
    now = state.clock.now()
    for report in state.reports.values():
        if now - report.made_at < SAME_FILE:
            return report.report_id
    report_id = identifiers.offer_id(state.random)
    state.reports[report_id] = Report(report_id, now, _csv(list(state.offers.values())))
    return report_id


def _csv(offers: list[Offer]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for offer in offers:
        name = offer.condition.get("state") or "NEW"
        modified_at = offer.modified_at.astimezone(UTC)
        rows.writerow(
            (
                offer.offer_id,
                offer.ean,
                name,
                offer.condition["category"],
                offer.condition.get("comment", ""),
                number(offer.price),
                _delivery_code(offer) or "",
                offer.stock if offer.method == "FBR" else offer.regular_stock,
                str(offer.on_hold).lower(),
                offer.method,
                f"{modified_at:%Y-%m-%d %H:%M:%S}.{modified_at.microsecond // 1000:03d} UTC",
                offer.reference or "",
                offer.economic_operator_id or "",
            )
        )
    return text.getvalue().encode()


def _described(offer: Offer, corrected: int, nulls: bool) -> dict[str, Any]:
    reasons = not_for_sale_reasons(offer, corrected)
    visible = offer.countries if is_for_sale(offer, corrected) else ()
    is_new = offer.condition["category"] != "SECONDHAND"
    return fields(
        nulls,
        offerId=offer.offer_id,
        ean=offer.ean,
        reference=offer.reference,
        onHoldByRetailer=offer.on_hold,
        economicOperatorId=offer.economic_operator_id,
        unknownProductTitle=None if offer.is_known_product else offer.title,
        pricing={"bundlePrices": bundle_prices(offer)},
        stock={
            "amount": offer.stock,
            "correctedStock": corrected,
            "managedByRetailer": offer.managed_by_retailer,
        },
        fulfilment=fields(nulls, method=offer.method, deliveryCode=_delivery_code(offer)),
        store={"productTitle": offer.title, "visible": [{"countryCode": country} for country in visible]},
        condition=fields(
            nulls,
            name=offer.condition.get("state") or "NEW",
            category="NEW" if is_new else "SECONDHAND",
            comment=offer.condition.get("comment"),
        ),
        notPublishableReasons=[{"code": reason["code"], "description": reason["description"]} for reason in reasons],
    )


def _delivery_code(offer: Offer) -> str | None:
    if offer.method == "FBB":
        return None
    return DELIVERY_CODES.get(offer.schedule, f"24uurs-{offer.last_order_time[:2]}")
