"""The one place that changes how much of a product we have."""

from sqlalchemy import inspect

from stoqflow_web import clock
from stoqflow_web.models import Product, StockMovement
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
) -> None:
    """Add `quantity` units (negative: take them away) and write down why. Nothing happens for 0.

    The product's row is locked first, so two moves at the same moment both count.
    """
    if quantity == 0:
        return
    if inspect(product).persistent:
        tx.session.flush()  # an earlier move of this transaction must not be read away
        tx.session.refresh(product, ["on_hand"], with_for_update=True)
    product.on_hand = (product.on_hand or 0) + quantity
    tx.session.add(
        StockMovement(
            product=product,
            quantity=quantity,
            reason=reason,
            at=clock.now(),
            user_id=user_id,
            import_run_id=import_run_id,
            sales_order_id=sales_order_id,
        )
    )
