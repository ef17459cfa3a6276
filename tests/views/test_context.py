"""What every page shows around its own content."""

from sqlalchemy import event

from stoqflow_web.extensions import db
from stoqflow_web.models.sales_orders import COMPLETE
from stoqflow_web.views.context import asset_version
from tests.support.builders import make_order


def test_the_rail_says_where_we_are_and_how_many_orders_are_open(ctx, signed_in):
    for _number in range(2):
        make_order()
    make_order(status=COMPLETE)
    page = signed_in().get("/account")
    assert page.texts(".nav a") == [
        "Today",
        "Orders 2",
        "Cancellation requests",
        "Needs attention",
        "Products",
        "Returns",
        "Shops",
        "Activity",
        "Deleted orders",
        "News",
        "Users",
        "Your account",
    ]
    assert page.texts(".nav a[aria-current=page]") == ["Your account"]


def test_a_fragment_does_not_pay_for_the_rail(app, signed_in):
    browser = signed_in()
    with app.app_context():
        engine = db.engine
    asked = []

    def watch(connection, cursor, statement, *rest):
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", watch)
    try:
        browser.htmx_get("/no/such/page")
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    assert len(asked) == 1  # who asks


def test_a_changed_file_has_another_address(tmp_path):
    (tmp_path / "a.css").write_text("one")
    before = asset_version(tmp_path)
    (tmp_path / "a.css").write_text("two")
    assert asset_version(tmp_path) != before


def test_counts_and_times_are_filters_of_every_template(app, clock):
    with app.test_request_context():
        given = app.jinja_env.from_string(
            "{{ 1204|count }} {{ [1, 2]|count }} {{ now|when }} {{ now|ago }} {{ now|time }}"
        )
        assert given.render(now=clock.moment) == "1,204 2 today 09:12 just now 09:12"
