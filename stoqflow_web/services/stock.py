"""The one place that changes how much of a product we have."""

from sqlalchemy import inspect

from stoqflow_web import clock
from stoqflow_web.models import Product, StockMovement
from stoqflow_web.services.holding import Settlement
from stoqflow_web.services.stock_lock import lock_stock
from stoqflow_web.transaction import Transaction


def move(
    tx: Transaction,
    product: Product,
    quantity: int,
    reason: str,
    *,
    user_id: int | None = None,
    import_run_id: int | None = None,
    sales_order_id: int | None = None,
    stock_count_id: int | None = None,
    stock_import_id: int | None = None,
    note: str | None = None,
    token: str | None = None,
) -> None:
    """Add `quantity` units (negative: take them away) and write down why. Nothing happens for 0.

    The product is locked first, so two moves at the same moment both count. Before the commit the orders follow: those
    that waited for it get their turn, those that can't be picked any more are put on hold.
    """
    if quantity == 0:
        return
    if inspect(product).persistent:
        tx.session.flush()  # an earlier move of this transaction must not be read away
        lock_stock(tx)
        tx.session.refresh(product, ["on_hand", "reserved"], with_for_update=True)
    tx.part(Settlement).touch(product)
    product.on_hand = (product.on_hand or 0) + quantity
    tx.session.add(
        StockMovement(
            product=product,
            quantity=quantity,
            on_hand_after=product.on_hand,
            reason=reason,
            at=clock.now(),
            user_id=user_id,
            import_run_id=import_run_id,
            sales_order_id=sales_order_id,
            stock_count_id=stock_count_id,
            stock_import_id=stock_import_id,
            note=note,
            token=token,
        )
    )
