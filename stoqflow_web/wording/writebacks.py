"""What a message to bol.com is about, in plain words. The word writeback stands on no page."""

from flask_babel import gettext as _

from stoqflow_web.carriers import carriers
from stoqflow_web.models import Writeback
from stoqflow_web.models.writebacks import CANCELLATION, SHIPMENT, TRANSPORT


def what_words(row: Writeback) -> str:
    """`shipment 3SABCD0123456789`, `cancellation of Pan`, `new Track & Trace 3SABCD0123456789`."""
    if row.kind == CANCELLATION:
        item = row.item
        name = None if item is None else item.title or item.reference or item.ean
        return _("cancellation of %(name)s", name=name) if name else _("cancellation")
    if row.kind == TRANSPORT:
        return _("new Track & Trace %(code)s", code=row.track_and_trace or "—")
    shipment = row.shipment
    if shipment is None or not shipment.track_and_trace:
        return _("shipment without Track & Trace")
    return _("shipment %(code)s", code=shipment.track_and_trace)


def kind_words(row: Writeback) -> str:
    """`shipment`: what kind of message it is, where there is no room for more."""
    return {SHIPMENT: _("shipment"), CANCELLATION: _("cancellation"), TRANSPORT: _("Track & Trace")}[row.kind]


def carrier_name(key: str | None) -> str:
    """The carrier as people call it; a key that the list no longer has is shown as it is."""
    carrier = carriers().get(key or "")
    return carrier.name if carrier else key or "—"
