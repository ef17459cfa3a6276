"""The ground itself: what the other tests rely on."""

import textwrap
from functools import partial

import pytest
from flask_login import current_user
from sqlalchemy import text

from stoqflow_web import clock as clock_module
from stoqflow_web.background import enqueue
from stoqflow_web.extensions import db
from stoqflow_web.models import Product, SalesOrder
from stoqflow_web.queries import orders
from stoqflow_web.services import users
from tests.support.browsing import Page
from tests.support.builders import make_offer, make_order, make_product, make_shop
from tests.support.jobs import run_jobs
from tests.support.scheduling import ByFile


@pytest.mark.both_databases
def test_a_test_marked_so_runs_on_both_databases(ctx, database_kind):
    assert db.engine.dialect.name == database_kind
    assert db.session.scalar(text("SELECT count(*) FROM users")) == 0
    assert db.session.scalar(text("SELECT version_num FROM alembic_version"))


@pytest.mark.both_databases
def test_builders_make_what_is_asked_and_nothing_else_needs_saying(ctx):
    lamp = make_product("LAMP-7", stock=3, title="Lamp")
    make_offer(make_shop(), lamp)
    order = make_order(products=[lamp, None], quantity=2, client="Zoë Jansen", is_cancellation_requested=True)
    db.session.rollback()
    again = db.session.get(SalesOrder, order.id)
    assert [(line.name, line.quantity) for line in again.lines] == [("Lamp", 2), (again.lines[1].item.title, 2)]
    assert again.marketplace_order.client_name == "Zoë Jansen"
    assert orders.count_open() == 1
    assert db.session.query(Product).count() == 1


@pytest.mark.usefixtures("ctx")
def test_requests_share_nothing_with_the_test_or_with_each_other(app, signed_in, browser):
    one, other = signed_in("manager"), signed_in("staff")
    assert one.get("/users").status == 200
    assert other.get("/users").status == 403
    assert browser.get("/account").heading == "Sign in"
    with app.test_request_context():
        assert not current_user.is_authenticated


def test_the_test_reads_what_a_request_has_written(ctx, signed_in):
    browser = signed_in()
    sam = users.add_user(email="sam@example.com", name="Sam", role="staff", password="long enough")
    browser.get(f"/users/{sam.id}")
    browser.submit("#role-form", role="manager")
    assert sam.role == "manager"


def test_jobs_run_in_the_app_and_a_failed_one_fails_the_test(ctx):
    assert enqueue("tests.support.test_ground.note", "done", queue="slow")
    assert enqueue("tests.support.test_ground.note", "first", queue="urgent")
    noted.clear()
    run_jobs(ctx)
    assert noted == [("first", 0), ("done", 0)]
    enqueue("tests.support.test_ground.stumble")
    with pytest.raises(AssertionError, match="out of paper"):
        run_jobs(ctx)


noted: list[tuple[str, int]] = []


def note(word: str) -> None:
    noted.append((word, orders.count_open()))


def stumble() -> None:
    raise RuntimeError("out of paper")


def test_the_clock_stands_still_until_it_is_moved(clock):
    before = clock_module.now()
    assert clock_module.now() == before
    clock.jump(minutes=5)
    assert (clock_module.now() - before).total_seconds() == 300


def test_the_app_talks_to_the_pretend_bol_of_the_test(sandbox, settings):
    assert settings.bol_api_url == sandbox.url


def test_without_a_pretend_bol_nobody_is_there(settings):
    assert settings.bol_api_url == "http://127.0.0.1:9"


FINE = "<!doctype html><title>t</title><main><h1>One</h1>{}</main>"


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ("<h1>Two</h1>", "has 2 h1"),
        ("<input name=q>", "no label"),
        ("<p style='color:red'>", "inline style"),
        ("<script>1</script>", "inline script"),
        ("<a onclick='x()'>", "onclick"),
        ("<i id=a></i><i id=a></i>", "doubled ids"),
        ("Keuken &amp;amp; Buiten", "escapes twice"),
        ("<img src='/x'>", "without alt"),
    ],
)
def test_every_page_is_looked_at_for_what_no_page_may_have(fresh_app, markup, complaint):
    fresh_app.add_url_rule("/health/odd", "health.show.odd", lambda: FINE.format(markup))
    with pytest.raises(AssertionError, match=complaint):
        Page(_open(fresh_app))


def test_a_page_without_faults_passes(fresh_app):
    fresh_app.add_url_rule("/health/odd", "health.show.odd", lambda: FINE.format("<label>Q <input name=q></label>"))
    assert Page(_open(fresh_app)).heading == "One"


def _open(app):
    app.before_request_funcs[None] = []  # these pages are about their markup, not about who may see them
    return app.test_client().get("/health/odd")


SKIPPING = """
    import pytest

    def test_not_now():
        pytest.skip("no printer here")

    @pytest.mark.xfail(reason="known")
    def test_known():
        assert False
"""
SKIPPED = 'import pytest\npytest.skip("not here", allow_module_level=True)'


@pytest.mark.parametrize(
    ("value", "outcome"), [("1", {"failed": 1, "xfailed": 1, "errors": 1}), ("", {"skipped": 2, "xfailed": 1})]
)
def test_where_nothing_may_be_skipped_a_skip_is_a_failure(pytester, monkeypatch, value, outcome):
    monkeypatch.setenv("STOQFLOW_NO_SKIPS", value)
    pytester.makeconftest("from tests.support.skipping import *")
    pytester.makepyfile(test_one=textwrap.dedent(SKIPPING), test_two=SKIPPED)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--continue-on-collection-errors")
    result.assert_outcomes(**outcome)


def test_tests_of_a_file_stay_together_and_all_that_need_a_browser_do():
    together = partial(ByFile._split_scope, None)
    assert together("tests/browser/test_push.py::test_a") == together("tests/browser/test_today.py::test_b")
    assert together("tests/views/test_home.py::test_a") == together("tests/views/test_home.py::test_b[1]")
    assert together("tests/views/test_home.py::test_a") != together("tests/views/test_users.py::test_a")
