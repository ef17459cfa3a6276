"""Every refusal of bol.com that is known has words of its own, and one that is not is still explained."""

import ast
import inspect
import itertools

import pytest

from stoqflow_web.bol.sandbox import orders as sandbox_orders
from stoqflow_web.bol.sandbox import shipments as sandbox_shipments
from stoqflow_web.models import Writeback
from stoqflow_web.models import writebacks as reasons
from stoqflow_web.next_steps import possible_steps
from stoqflow_web.wording.refusals import _by_text, advice_for, step_words

WHYS = (
    "rejected",
    "credentials",
    "exhausted",
    "unknown-outcome",
    "cancelled-there",
    "cancellation-requested",
    "deleted-units",
    "shipped-there",
    "not-ours",
    "something new",
)
KINDS = ("shipment", "cancellation", "transport")
# bol.com's documentation of problems (violations and 404), and its answer for an account that is shut.
DOCUMENTED = {
    "Request contains invalid value(s): 'X', allowed values: TNT, DHL.": "shipment",
    "The supplied value is empty, but is required.": "shipment",
    "Conflicting transport method: Either provide Transport or ShippingLabelId. The current request contains both.": (
        "shipment"
    ),
    "Error validating request body. Consult the bol.com API documentation for more information.": "transport",
    "Order for order id 9999999999 not found.": "cancellation",
    "Account is not active, access denied. Please contact partnerservice if this is unexpected.": "shipment",
}


def row(kind: str, why: str, said: str | None = None) -> Writeback:
    return Writeback(kind=kind, why=why, their_sentence=said, state=reasons.NEEDS_ATTENTION)


def texts_of(module) -> list[tuple[str, str]]:
    """(function, text) of every refusal that the pretend bol.com raises, with its gaps filled in."""
    found = []
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused":
                found.append((function.name, _text(node.args[0], module)))
    return found


def _text(node, module) -> str:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        gaps = {"how": "cancelled"}
        return "".join(
            part.value if isinstance(part, ast.Constant) else gaps.get(ast.unparse(part.value), "7")
            for part in node.values
        )
    return getattr(module, node.func.value.id).format("7")


ALL = [
    *(
        ("transport" if "transport" in function and function != "_check_transport" else "shipment", text)
        for function, text in texts_of(sandbox_shipments)
    ),
    *(("cancellation", text) for _function, text in texts_of(sandbox_orders)),
    *((kind, text) for text, kind in DOCUMENTED.items()),
]


def test_the_refusals_of_the_pretend_bol_are_found():
    assert len(ALL) >= 17


@pytest.mark.parametrize(("kind", "text"), ALL, ids=[text[:60] for _kind, text in ALL])
def test_a_known_refusal_has_words_of_its_own(ctx, kind, text):
    with ctx.test_request_context():
        assert _by_text(row(kind, "rejected", text)) is not None


@pytest.mark.parametrize(("kind", "why"), list(itertools.product(KINDS, WHYS)))
def test_every_kind_and_reason_has_advice_and_a_step_that_is_possible(ctx, kind, why):
    with ctx.test_request_context():
        stuck = row(kind, why, "Something nobody has heard of")
        advice = advice_for(stuck)
        assert advice.happened
        assert advice.parcel
        assert advice.to_do
        assert advice.step in possible_steps(stuck)
        assert all(step_words(step) for step in possible_steps(stuck))


def test_a_shipment_of_a_cancelled_item_warns_of_the_parcel(ctx):
    with ctx.test_request_context():
        advice = advice_for(
            row("shipment", "rejected", "Order item with id 1 can not be shipped: it has already been cancelled.")
        )
        assert "Stop it" in advice.parcel
        assert advice.step == "take-over"


def test_a_code_that_is_changed_only_once_is_neither_edited_nor_tried_again(ctx):
    with ctx.test_request_context():
        said = "Transport with id 7 already has a track and trace code."
        assert possible_steps(row("transport", "rejected", said)) == ("withdraw",)
        assert advice_for(row("transport", "rejected", said)).step == "withdraw"
        assert possible_steps(row("transport", "rejected", "No."))[0] == "edit-code"
