"""A desk whose products are for sale at the pretend bol.com, and what bol.com is told of their stock."""

import json

from sqlalchemy import select

from stoqflow_web.bol.sandbox import RunningSandbox
from stoqflow_web.bol.sandbox.offers import corrector
from stoqflow_web.extensions import db
from stoqflow_web.matching import normalise_ean
from stoqflow_web.models import Offer, OfferStock, Product, Shop, StockComparison
from stoqflow_web.models.imports import STOCK
from stoqflow_web.models.products import OPENING
from stoqflow_web.services import imports, stock, stock_switch, telling_stock
from stoqflow_web.transaction import transaction
from tests.support.builders import make_product
from tests.support.clocks import MONDAY_MORNING, FrozenClock
from tests.support.desk import Desk
from tests.support.syncs import carried_on, shop_now

OFFERS = "/retailer/offers/"


class StockDesk(Desk):
    """A desk that knows all offers of its bol.com, each with a product of `here` units (as many as bol shows if None).

    At bol.com the number is `there`, told by the seller as one that open orders are not subtracted from. The shop was
    synced, and is not by itself any more.
    """

    def begin(self, *, there: int = 12, here: int | None = None) -> None:
        with self.world.lock:
            for offer in self.world.offers.values():
                if offer.method == "FBR":
                    offer.stock, offer.managed_by_retailer = there, True
                    offer.schedule = "BOL_DELIVERY_PROMISE"  # no labels of bol.com
        for offer in list(self.world.offers.values()):
            self.know(offer.offer_id, here=there if here is None else here)
        self.set(synced_until=MONDAY_MORNING, next_sync_at=MONDAY_MORNING.replace(year=2099))

    def know(self, offer_id: str, *, here: int) -> Product:
        """Our product of an offer, made unless another shop has brought it already."""
        seen = self.world.offers[offer_id]
        sku = seen.reference or offer_id
        found = db.session.scalar(select(Product).where(Product.sku == sku))
        product = found or make_product(sku, stock=here, ean=seen.ean, title=seen.title)
        with transaction() as tx:
            tx.session.add(
                Offer(
                    shop_id=self.shop_id,
                    external_id=offer_id,
                    reference=seen.reference,
                    ean=seen.ean,
                    ean_normalised=normalise_ean(seen.ean),
                    fulfilment_method=seen.method,
                    stock=seen.stock if seen.method == "FBR" else None,
                    sellable=self.sold_by_bol(offer_id) if seen.method == "FBR" else None,
                    is_corrected_there=not seen.managed_by_retailer,
                    condition="NEW",
                    seen_at=seen.modified_at,
                    product_id=product.id,
                )
            )
        return product

    # Switching and telling

    def compare(self, *, user_id: int | None = None) -> StockComparison | None:
        """What bol.com shows is read; what came of it where stock is told."""
        run = carried_on(imports.start(self.shop_id, STOCK, user_id=user_id).id)
        assert run.status == "finished", run.trouble
        return db.session.scalar(select(StockComparison).where(StockComparison.run_id == run.id))

    def switch_on(self, margin: int = 0) -> int:
        self.compare()
        offers = stock_switch.switch_on(self.shop_id, margin=margin, user_id=None)
        self.tell()
        return offers

    def tell(self) -> None:
        """What a worker does two seconds from now."""
        self.jump(seconds=2)
        telling_stock.tell(self.shop_id, stay_seconds=0)

    def settle(self) -> None:
        """Time passes and workers tell until nothing is owed any more."""
        for _ in range(200):
            self.tell()
            if not any(row.due_at or row.lease_until for row in self.stocks()):
                return
            self.jump(minutes=3)
        raise AssertionError("it never ends")

    # Stock here

    def move(self, offer_id: str, units: int) -> None:
        with transaction() as tx:
            offer = tx.session.scalars(select(Offer).where(Offer.external_id == offer_id)).first()
            assert offer is not None
            assert offer.product is not None
            stock.move(tx, offer.product, units, OPENING)

    def shop(self) -> Shop:
        return shop_now(self.shop_id)

    def stocks(self) -> list[OfferStock]:
        db.session.rollback()
        found = select(OfferStock).where(OfferStock.shop_id == self.shop_id).order_by(OfferStock.offer_id)
        return list(db.session.scalars(found.execution_options(populate_existing=True)))

    def stock_of(self, offer_id: str) -> OfferStock:
        return next(row for row in self.stocks() if row.offer.external_id == offer_id)

    # What bol.com has

    def offer_ids(self, method: str = "FBR") -> list[str]:
        return [offer.offer_id for offer in self.world.offers.values() if offer.method == method]

    def at_bol(self, offer_id: str) -> int:
        return int(self.world.offers[offer_id].stock)

    def sold_by_bol(self, offer_id: str) -> int:
        """What clients can still buy: the number, less what was ordered since."""
        with self.world.lock:
            return corrector(self.world)(self.world.offers[offer_id])

    def messages(self) -> list[tuple[str, int]]:
        """Each message about stock that bol.com got: (offer id, number), oldest first."""
        seen = self.world.requests_seen("PATCH", OFFERS)
        bodies = [(one.path.removeprefix(OFFERS), json.loads(one.body)["stock"]) for one in seen]
        assert all(body["managedByRetailer"] is True for _, body in bodies)
        return [(offer_id, body["amount"]) for offer_id, body in bodies]


def stock_desk(sandbox: RunningSandbox, clock: FrozenClock) -> StockDesk:
    """A desk with 12 units of each product here and at bol.com."""
    desk = StockDesk(sandbox, clock)
    desk.begin(there=12)
    return desk
