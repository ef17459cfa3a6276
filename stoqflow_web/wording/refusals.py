"""What is the matter with a message that needs attention: what happened, is the parcel at risk, what to do.

The texts of bol.com are those of its documentation; where that has none, those that its answers are known or assumed to
have. A text that is not known here is shown as it is, with advice that suits the kind of message.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _

from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import (
    CANCELLATION,
    CANCELLATION_REQUESTED,
    CANCELLED_THERE,
    CREDENTIALS,
    DELETED_UNITS,
    EXHAUSTED,
    NOT_OURS,
    REJECTED,
    SHIPMENT,
    SHIPPED_THERE,
    TRANSPORT,
    UNKNOWN_OUTCOME,
)
from stoqflow_web.next_steps import EDIT_CODE, TAKE_OVER, TRY_AGAIN, WITHDRAW, possible_steps


@dataclass(frozen=True)
class Advice:
    """`step` is the one that mostly helps (of next_steps.py); empty where none is better than the others."""

    happened: str
    parcel: str
    to_do: str
    step: str = ""


@dataclass(frozen=True)
class Refusal:
    """A text of bol.com, for which kinds of message it counts, and what we say to it."""

    text: re.Pattern[str]
    kinds: tuple[str, ...]
    advice: Callable[[], Advice]


def advice_for(row: Writeback) -> Advice:
    """Words for any writeback that needs attention. The step is always a possible one."""
    advice = _by_text(row) or _by_reason(row)
    steps = possible_steps(row)
    if advice.step not in steps:
        return Advice(advice.happened, advice.parcel, advice.to_do, steps[0])
    return advice


def step_words(step: str) -> str:
    """What stands on the button."""
    return {
        "try-again": _("Try again"),
        "withdraw": _("Don't tell bol.com"),
        "take-over": _("Take over bol's state"),
        "edit-code": _("Edit code"),
        "cancel-all": _("Cancel it all at bol"),
        "ship-anyway": _("Ship anyway…"),
        "accept": _("Cancel for the client"),
    }[step]


def _by_text(row: Writeback) -> Advice | None:
    if row.why != REJECTED or not row.their_sentence:
        return None
    for refusal in REFUSALS:
        if row.kind in refusal.kinds and refusal.text.search(row.their_sentence):
            return refusal.advice()
    return None


def _by_reason(row: Writeback) -> Advice:
    reasons: dict[tuple[str | None, str], Callable[[], Advice]] = {
        (CANCELLED_THERE, SHIPMENT): _cancelled_before_shipping,
        (CANCELLED_THERE, CANCELLATION): _handled_already,
        (SHIPPED_THERE, SHIPMENT): _shipped_otherwise,
        (SHIPPED_THERE, CANCELLATION): _handled_already,
        (NOT_OURS, SHIPMENT): _needs_label,
        (NOT_OURS, CANCELLATION): _not_ours,
        (CANCELLATION_REQUESTED, SHIPMENT): _client_asks,
        (DELETED_UNITS, CANCELLATION): _would_take_along,
        (UNKNOWN_OUTCOME, SHIPMENT): _not_known,
        (UNKNOWN_OUTCOME, CANCELLATION): _not_known,
        (EXHAUSTED, SHIPMENT): _tried_enough,
        (EXHAUSTED, CANCELLATION): _tried_enough,
        (REJECTED, SHIPMENT): _unknown_shipment,
        (REJECTED, CANCELLATION): _unknown_cancellation,
        (REJECTED, TRANSPORT): _unknown_code,
    }
    if row.why == CREDENTIALS:
        return _no_access()
    if (row.why, row.kind) in reasons:
        return reasons[row.why, row.kind]()
    return _code_not_arrived() if row.kind == TRANSPORT else _tried_enough()


# Why, when it was not bol.com's own refusal


def _cancelled_before_shipping() -> Advice:
    return Advice(
        _("The item was canceled at bol.com while the shipment waited here. The shipment was not sent."),
        _("The parcel may still be here: keep it back. If it has left, you will not be paid for it."),
        _("Take over bol's state; the order becomes canceled, or open for what is left of it."),
        TAKE_OVER,
    )


def _shipped_otherwise() -> Advice:
    return Advice(
        _("The item was shipped at bol.com already, and not by Stoqflow. The shipment was not sent."),
        _("Find out before the parcel leaves: the client may be getting it twice."),
        _("Take over bol's state; the order stays complete for what bol.com has as shipped."),
        TAKE_OVER,
    )


def _client_asks() -> Advice:
    return Advice(
        _("The client asked bol.com to cancel while the shipment waited here. bol.com was told nothing yet."),
        _("Keep the parcel back until you have decided."),
        _("Cancel the order for the client. Ship anyway only when the parcel has left; the client can return it."),
    )


def _would_take_along() -> Advice:
    return Advice(
        _(
            "bol.com cancels all that is open of an item at once. That would take units along that were deleted here "
            "or that bol.com was not told of."
        ),
        _("No parcel waits for this."),
        _(
            "Cancel it all at bol when none of these units will be shipped; "
            "else choose “Don't tell bol.com”, and cancel there."
        ),
    )


def _no_access() -> Advice:
    return Advice(
        _("bol.com refused the keys of this shop."),
        _("The parcel may leave, but bol.com does not know of it, and cancels the order when its time is up."),
        _("A manager must replace the keys on the page of the shop. Then try again."),
        TRY_AGAIN,
    )


def _not_known() -> Advice:
    return Advice(
        _("bol.com's answer got lost, and it is not certain whether it took this."),
        _("Do not send a second parcel. Whether this one is known at bol.com must be found out first."),
        _("Try again: bol.com is looked at first, and nothing is sent twice."),
        TRY_AGAIN,
    )


def _tried_enough() -> Advice:
    return Advice(
        _("bol.com did not take it, however often it was tried."),
        _("The parcel may leave, but bol.com does not know of it yet. Mind the deadline."),
        _("Try again; if it fails once more, look at the order in your seller account."),
        TRY_AGAIN,
    )


def _code_not_arrived() -> Advice:
    return Advice(
        _("The new Track & Trace code did not arrive at bol.com."),
        _("The parcel is not at risk: bol.com knows the shipment. The client may see the old code."),
        _("Try again, or choose “Don't tell bol.com” and leave the old code there."),
        TRY_AGAIN,
    )


# bol.com's own refusals


def _unknown_shipment() -> Advice:
    return Advice(
        _("bol.com refused the shipment, for a reason that Stoqflow does not know."),
        _("The parcel is at risk: as far as bol.com knows nothing was shipped."),
        _("Read what bol.com said. If the code is to blame, edit it; else look at the order in your seller account."),
        TRY_AGAIN,
    )


def _unknown_cancellation() -> Advice:
    return Advice(
        _("bol.com refused the cancellation, for a reason that Stoqflow does not know."),
        _("No parcel is at risk, but bol.com still expects one."),
        _("Read what bol.com said, and look at the order in your seller account."),
        TRY_AGAIN,
    )


def _unknown_code() -> Advice:
    return Advice(
        _("bol.com refused the new Track & Trace code, for a reason that Stoqflow does not know."),
        _("The parcel is not at risk: bol.com knows the shipment, with the old code."),
        _("Read what bol.com said. Edit the code, or choose “Don't tell bol.com” and leave the old one."),
        EDIT_CODE,
    )


def _was_cancelled() -> Advice:
    return Advice(
        _("bol.com refused the shipment: the item was canceled there."),
        _("The parcel may still be here. Stop it, or register a return: it will not be paid."),
        _("Take over bol's state; the order becomes canceled here too."),
        TAKE_OVER,
    )


def _was_handled() -> Advice:
    return Advice(
        _("bol.com refused the shipment: the item was shipped or canceled there already."),
        _("Find out before the parcel leaves: the client may be getting it twice."),
        _("Take over bol's state, or look at the shipments of the order in your seller account."),
        TAKE_OVER,
    )


def _too_many() -> Advice:
    return Advice(
        _("bol.com refused the shipment: fewer units are open there than are in the parcel."),
        _("The parcel may hold too much: some units were canceled or shipped otherwise."),
        _("Take over bol's state: the order opens again with what is left of it."),
        TAKE_OVER,
    )


def _not_ours() -> Advice:
    return Advice(
        _("bol.com does not know this item as one that you ship."),
        _("The parcel should not leave: the item may be gone, or bol.com ships it itself (FBB)."),
        _("Take over bol's state, or look at the order in your seller account."),
        TAKE_OVER,
    )


def _mixed_orders() -> Advice:
    return Advice(
        _("bol.com refused the shipment: its items belong to different orders there."),
        _("The parcel is at risk: as far as bol.com knows nothing was shipped."),
        _("Take over bol's state, then complete the order again."),
        TAKE_OVER,
    )


def _needs_label() -> Advice:
    return Advice(
        _("This item must travel with a label of bol.com (VVB), or bol.com ships it itself (FBB)."),
        _("Do not send the parcel with another carrier: bol.com does not count it as shipped."),
        _("Buy the label in your seller account and ship it there, then take over bol's state."),
        TAKE_OVER,
    )


def _wrong_label() -> Advice:
    return Advice(
        _("The label of bol.com does not belong to these items."),
        _("The parcel is at risk: its label is for something else."),
        _("Ship it in your seller account with the right label, then take over bol's state."),
        TAKE_OVER,
    )


def _unknown_carrier() -> Advice:
    return Advice(
        _("bol.com does not know the carrier under this name."),
        _("The parcel may leave, but bol.com does not know of it yet."),
        _("Choose another carrier and send it again."),
        EDIT_CODE,
    )


def _no_code() -> Advice:
    return Advice(
        _("bol.com wants something that is missing, mostly the Track & Trace code."),
        _("The parcel may leave, but bol.com does not know of it yet."),
        _("Fill in the code and send it again."),
        EDIT_CODE,
    )


def _odd_code() -> Advice:
    return Advice(
        _("bol.com does not accept a value, mostly the carrier or the Track & Trace code."),
        _("The parcel may leave, but bol.com does not know of it yet."),
        _("Correct the carrier or the code and send it again."),
        EDIT_CODE,
    )


def _label_and_transport() -> Advice:
    return Advice(
        _("bol.com got a label and a carrier for the same parcel, and takes only one of them."),
        _("The parcel may leave, but bol.com does not know of it yet."),
        _("Ship it in your seller account, then take over bol's state."),
        TAKE_OVER,
    )


def _handled_already() -> Advice:
    return Advice(
        _("bol.com refused the cancellation: the item was shipped or canceled there already."),
        _("A parcel may be on its way that is canceled here."),
        _("Take over bol's state; the order says here then what it says there."),
        TAKE_OVER,
    )


def _has_a_code() -> Advice:
    return Advice(
        _("bol.com keeps the code that this shipment has: a code is changed there only once."),
        _("The parcel is not at risk: bol.com knows the shipment. The client sees the old code."),
        _("Send the client the right code in a message from your seller account, then choose “Don't tell bol.com”."),
        WITHDRAW,
    )


def _no_transport() -> Advice:
    return Advice(
        _("bol.com does not find the transport of this shipment."),
        _("The parcel is not at risk: bol.com knows the shipment."),
        _("Try again later. If it stays, choose “Don't tell bol.com” and correct the code in your seller account."),
        TRY_AGAIN,
    )


def _order_gone() -> Advice:
    return Advice(
        _("bol.com does not know this order any more."),
        _("Do not send the parcel before you have looked at the order in your seller account."),
        _("Choose “Don't tell bol.com” when the order is not there."),
        WITHDRAW,
    )


def _account_inactive() -> Advice:
    return Advice(
        _("bol.com says that the seller account is not active."),
        _("The parcel may leave, but bol.com does not know of it yet."),
        _("Ask bol.com's partner service why. Try again when the account is active."),
        TRY_AGAIN,
    )


def _known(text: str, advice: Callable[[], Advice], *kinds: str) -> Refusal:
    return Refusal(re.compile(text, re.IGNORECASE | re.DOTALL), kinds or (SHIPMENT, CANCELLATION, TRANSPORT), advice)


REFUSALS = (
    _known(r"can ?not be shipped: it has already been cancelled", _was_cancelled, SHIPMENT),
    _known(r"can ?not be shipped", _was_handled, SHIPMENT),
    _known(r"larger than the open quantity", _too_many, SHIPMENT),
    _known(r"unknown order item id", _not_ours, SHIPMENT, CANCELLATION),
    _known(r"different orders", _mixed_orders, SHIPMENT),
    _known(r"only be shipped with a shipping label", _needs_label, SHIPMENT),
    _known(r"shipping label with id .* does not belong", _wrong_label, SHIPMENT),
    _known(r"unknown transporter code", _unknown_carrier, SHIPMENT, TRANSPORT),
    _known(r"conflicting transport method", _label_and_transport, SHIPMENT),
    _known(r"can ?not be cancelled", _handled_already, CANCELLATION),
    _known(r"already has a track and trace", _has_a_code, TRANSPORT),
    _known(r"transport with id .* not found", _no_transport, TRANSPORT),
    _known(r"order for order id .* not found", _order_gone),
    _known(r"account is not active", _account_inactive),
    _known(r"supplied value is empty", _no_code, SHIPMENT, TRANSPORT),
    _known(r"contains invalid value|error validating request", _odd_code, SHIPMENT, TRANSPORT),
)
"""Every refusal of bol.com that is known, the more telling texts first."""
