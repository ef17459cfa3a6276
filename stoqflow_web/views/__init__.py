"""Load, form, one service or query call, one answer. One file per noun."""

from flask import Flask


def register_views(app: Flask) -> None:
    """Hang every page into the app, behind the guard."""
    from stoqflow_web.views import (
        access,
        account,
        activities,
        attention,
        batches,
        cancellation_requests,
        context,
        deleted_orders,
        errors,
        health,
        home,
        imports,
        news,
        order_changes,
        orders,
        prints,
        products,
        push_subscriptions,
        repairs,
        returns,
        security,
        service_norms,
        shop_health,
        shop_settings,
        shops,
        sign_in,
        stock_counts,
        stock_imports,
        stock_to_marketplace,
        syncs,
        users,
        webhooks,
    )

    access.guard(app)
    security.secure(app)
    errors.handle_errors(app)
    context.give_context(app)
    for noun in (
        sign_in,
        home,
        health,
        users,
        account,
        shops,
        shop_settings,
        syncs,
        push_subscriptions,
        webhooks,
        imports,
        orders,
        order_changes,
        batches,
        prints,
        cancellation_requests,
        attention,
        repairs,
        deleted_orders,
        products,
        returns,
        stock_counts,
        stock_imports,
        service_norms,
        stock_to_marketplace,
        activities,
        shop_health,
        news,
    ):
        app.register_blueprint(noun.blueprint)
