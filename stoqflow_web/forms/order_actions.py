"""What is typed to complete, cancel or split an order. The rules themselves are the services' own."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from stoqflow_web.carriers import LONGEST_CODE, carriers, guess, tidied
from stoqflow_web.errors import Invalid
from stoqflow_web.exchange import REQUESTED_BY_CLIENT
from stoqflow_web.forms import show_refusal
from stoqflow_web.models import SalesOrder
from stoqflow_web.models.sales_orders import ON_HOLD
from stoqflow_web.services.completing import Parcel
from stoqflow_web.wording.cancel_reasons import reason_words
from stoqflow_web.wording.statuses import line_to_choose, split_offer

MOST_PARCELS = 30
HIGHEST_QUANTITY = 1_000_000


class CompletionForm(FlaskForm):  # type: ignore[misc]
    """One parcel or several. Its fields come from `completion_form`: `parcels-N-carrier`, `-track_and_trace`,
    `-is_confirmed`, `-checked` (the code that was judged before the eyes of the person) and `-units-<line id>`.
    `seen`: what was to be shipped when the form was made."""

    count = IntegerField(default=1)
    seen = StringField()
    despite_shortage = BooleanField(
        _l("The goods are in the parcel: complete it although the stock here says otherwise")
    )
    order: SalesOrder
    seen_now: str
    units_errors: dict[int, str]

    def parcels(self) -> list[Parcel]:
        """What was packed. A single parcel holds everything, whatever the page said when it was made."""
        is_single = self.count.data == 1
        return [
            Parcel(
                carrier=self.parcel(number, "carrier").data or "",
                track_and_trace=self.parcel(number, "track_and_trace").data,
                quantities={} if is_single else self.units(number),
                is_confirmed=self.parcel(number, "is_confirmed").data,
            )
            for number in range(self.count.data)
        ]

    def units_seen(self) -> dict[int, int] | None:
        """Units per line id that were to be shipped when the form was made; None of a form that does not say."""
        pairs = [part.split(":") for part in (self.seen.data or "").split(".")]
        found = {int(pair[0]): int(pair[1]) for pair in pairs if len(pair) == 2 and all(map(_is_number, pair))}
        return found or None

    def parcel(self, number: int, name: str) -> Any:
        return self[f"parcels-{number}-{name}"]

    def units(self, number: int) -> dict[int, int]:
        """Units per line id in one parcel, zeros too: to the service nothing at all would mean everything."""
        return {line.id: self.parcel(number, f"units-{line.id}").data or 0 for line in self.order.lines_to_ship}

    def show(self, refusal: Invalid) -> None:
        """Put the service's refusal where the person typed."""
        start, _dash, name = refusal.field.rpartition("-")
        if name == "quantities":
            self.units_errors[int(start.removeprefix("parcels-"))] = refusal.sentence
        else:
            show_refusal(self, refusal)

    def take_guesses(self, *, default: str, is_final: bool) -> None:
        """Let each code choose its carrier (`carrier_for`). `is_final`: it is being completed; what the person saw
        judged, or confirmed, is left as it is then."""
        for number in range(self.count.data):
            code, carrier = self.parcel(number, "track_and_trace").data, self.parcel(number, "carrier")
            is_seen = self.parcel(number, "checked").data == tidied(code) or self.parcel(number, "is_confirmed").data
            if not (is_final and (is_seen or carrier.data != default)):
                carrier.data = carrier_for(code, chosen=carrier.data or default, default=default)


def completion_form(order: SalesOrder, *, is_typed: bool, change: str = "") -> CompletionForm:
    """The form of an open order: as typed in this request, or fresh with everything in one parcel.

    `change`: "add" a parcel, or "take-out" the last one, whose units go back into the first.
    """
    before = _count(request.form.get("count", "")) if is_typed else 1
    count = min(max(before + {"add": 1, "take-out": -1}.get(change, 0), 1), MOST_PARCELS)
    fields: dict[str, object] = {}
    for number in range(max(before, count)):
        fields |= _parcel_fields(order, number)
    form: CompletionForm = _made(type("CompletionFormOfOrder", (CompletionForm,), fields), is_typed)
    form.order, form.units_errors = order, {}
    form.count.data = count
    form.seen_now = ".".join(f"{line.id}:{line.quantity}" for line in order.lines_to_ship)
    if count < before:
        _put_back(form, from_parcel=before - 1)
    if order.status == ON_HOLD:
        form.despite_shortage.validators = [InputRequired(_what_else(order))]
    return form


def _what_else(order: SalesOrder) -> str:
    """What can be done with an order on hold: what its page offers, and no more."""
    if line_to_choose(order):
        return _("Choose the product first, or tick this when everything is in the parcel.")
    if order.units > 1:
        return _("Tick this when everything is in the parcel. Otherwise split off what is missing.")
    return _("Tick this when everything is in the parcel. Otherwise wait for the stock.")


def carrier_for(code: str | None, *, chosen: str, default: str) -> str:
    """The carrier that a code belongs to; the chosen one when it can be that, or when the code does not tell.

    A carrier whose codes have no known form keeps a code only when somebody chose it: as the mere default it gives way.
    """
    found, carrier = guess(code), carriers().get(chosen)
    if found is None:
        return chosen
    if carrier is not None and carrier.fits(tidied(code)) and (carrier.patterns or chosen != default):
        return chosen
    return found.key


class CancellationForm(FlaskForm):  # type: ignore[misc]
    reason = SelectField(_l("Reason"), [InputRequired(_l("Choose a reason."))])
    lines = SelectMultipleField(
        coerce=int, validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


def cancellation_form(order: SalesOrder, *, is_typed: bool) -> CancellationForm:
    """As typed in this request, or fresh: everything is chosen, and the reason only when the client gave it."""
    form: CancellationForm = _made(CancellationForm, is_typed)
    form.reason.choices = [
        SelectChoice("", _("Choose a reason…")),
        *(SelectChoice(key, words) for key, words in reason_words().items()),
    ]
    form.lines.choices = [SelectChoice(line.id, f"{line.quantity} × {line.name}") for line in order.lines_to_ship]
    if not is_typed:
        form.lines.data = [line.id for line in order.lines_to_ship]
        form.reason.data = REQUESTED_BY_CLIENT if order.is_cancellation_requested else ""
    return form


class SplitForm(FlaskForm):  # type: ignore[misc]
    """Its fields `units-<line id>` come from `split_form`. `parts`: how many the family had when the form was made.
    `offer`: why it was filled in as it was."""

    parts = IntegerField()
    order: SalesOrder
    offer: str
    lines_error: str

    def units(self) -> dict[int, int]:
        return {line.id: self[f"units-{line.id}"].data or 0 for line in self.order.lines_to_ship}


def split_form(order: SalesOrder, short: Mapping[int, int], *, is_typed: bool) -> SplitForm:
    """As typed in this request, or fresh: what is `short` (units per line id) moves, unless that is everything.

    So what stays can be picked from what is in stock now.
    """
    lines = order.lines_to_ship
    is_everything = all(short.get(line.id, 0) >= line.quantity for line in lines)
    fields = {
        f"units-{line.id}": IntegerField(
            line.name,
            [Optional(), NumberRange(0, line.quantity, _("From 0 to %(most)s.", most=line.quantity))],
            default=0 if is_everything else short.get(line.id, 0),
        )
        for line in lines
    }
    form: SplitForm = _made(type("SplitFormOfOrder", (SplitForm,), fields), is_typed)
    form.order, form.lines_error = order, ""
    form.offer = split_offer(order.units, sum(short.values()))
    if not is_typed:
        form.parts.data = len(order.marketplace_order.sales_orders)
    return form


def _made(form: type[Any], is_typed: bool) -> Any:
    """Several of these forms stand on one page: only the one that was sent may read what was typed."""
    return form() if is_typed else form(formdata=None)


def _parcel_fields(order: SalesOrder, number: int) -> dict[str, object]:
    choices = [SelectChoice(carrier.key, carrier.name) for carrier in carriers().values()]
    name = f"parcels-{number}"
    fields: dict[str, object] = {
        f"{name}-carrier": SelectField(
            _("Carrier"), choices=choices, default=order.shop.default_carrier, validate_choice=False
        ),
        f"{name}-track_and_trace": StringField(
            _("Track & Trace"), [Length(max=10 * LONGEST_CODE, message=_("This is too long."))]
        ),
        f"{name}-is_confirmed": BooleanField(_("I checked it: this code is right")),
        f"{name}-checked": StringField(),
    }
    for line in order.lines_to_ship:
        fields[f"{name}-units-{line.id}"] = IntegerField(
            line.name,
            [Optional(), NumberRange(0, HIGHEST_QUANTITY, _("Enter a number."))],
            default=line.quantity if number == 0 else 0,
        )
    return fields


def _put_back(form: CompletionForm, *, from_parcel: int) -> None:
    for line_id, units in form.units(from_parcel).items():
        field = form.parcel(0, f"units-{line_id}")
        field.data, field.raw_data = (field.data or 0) + units, None


def _count(typed: str) -> int:
    return min(max(int(typed), 1), MOST_PARCELS) if _is_number(typed) and len(typed) < 4 else 1


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < 19
