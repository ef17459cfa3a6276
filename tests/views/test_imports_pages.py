"""A transfer is started, watched, stopped, and what it found is listed."""

from datetime import timedelta

import pytest

from stoqflow_web import clock as the_clock
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportProblem, ImportRun
from stoqflow_web.models.imports import FAILED, FETCHING, FINISHED, ORDERS, PRODUCTS, READINESS, RUNNING
from stoqflow_web.services import imports
from stoqflow_web.transaction import transaction
from tests.support.builders import make_offer, make_order, make_product, make_shop
from tests.support.counting import counted_queries
from tests.support.linking import link_shop, transfer


@pytest.fixture
def shop(ctx):
    return make_shop("Home")


def make_run(shop, kind=ORDERS, status=RUNNING, **columns):
    now = the_clock.now()
    with transaction() as tx:
        run = ImportRun(
            shop_id=shop.id, kind=kind, status=status, created_at=now, started_at=now, **({"done": 0} | columns)
        )
        if status == RUNNING:
            run.active_key = f"{shop.id}:{kind}"
        else:
            run.finished_at = now
        tx.session.add(run)
        tx.session.flush()
    return run


def add_problems(run, *codes, **details):
    with transaction() as tx:
        for number, code in enumerate(codes, start=1):
            tx.session.add(
                ImportProblem(
                    run_id=run.id,
                    code=code,
                    subject=f"C{number:05}",
                    details=details,
                    created_at=the_clock.now(),
                    order_line_id=None,
                )
            )
        tx.session.get_one(ImportRun, run.id).count_problems += len(codes)


def add_problem(run, code, subject, *, offer=None, **details):
    """One problem that is not counted in the run."""
    with transaction() as tx:
        tx.session.add(
            ImportProblem(
                run_id=run.id,
                code=code,
                subject=subject,
                details=details,
                created_at=the_clock.now(),
                offer_id=offer and offer.id,
            )
        )


def solve(run, subject):
    with transaction() as tx:
        tx.session.query(ImportProblem).filter_by(run_id=run.id, subject=subject).one().solved_at = the_clock.now()


def test_the_shop_page_offers_the_transfers_in_their_order(shop, signed_in):
    page = signed_in().get(f"/shops/{shop.id}")
    assert page.texts("#transfers .row__title") == ["Products", "Sales orders", "Titles and pictures"]
    assert "Products first, then sales orders" in page.text
    assert len(page.all("#transfers .button--primary")) == 1


def test_starting_by_htmx_answers_the_row_that_watches_the_run(shop, signed_in):
    manager = signed_in()
    manager.get(f"/shops/{shop.id}")
    row = manager.htmx_post(f"/shops/{shop.id}/imports", kind=PRODUCTS).one("#transfer-products")
    run = imports.start(shop.id, PRODUCTS, user_id=None)
    assert row["hx-get"] == f"/imports/{run.id}"
    assert row["hx-trigger"] == "every 1s"


def test_starting_works_as_a_plain_form_and_twice_shows_the_one_that_runs(shop, signed_in):
    manager = signed_in()
    manager.get(f"/shops/{shop.id}")
    token = manager.page.one("#transfer-products [name=csrf_token]")["value"]
    for _ in range(2):
        answer = manager.client.post(f"/shops/{shop.id}/imports", data={"kind": PRODUCTS, "csrf_token": token})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/shops/{shop.id}")
    assert db.session.query(ImportRun).count() == 1
    assert "Waiting for a worker" in manager.get(f"/shops/{shop.id}").text


def test_a_paused_shop_and_an_unknown_kind_start_nothing(shop, signed_in):
    manager = signed_in()
    manager.get(f"/shops/{shop.id}")
    assert manager.htmx_post(f"/shops/{shop.id}/imports", kind="everything").status == 404
    manager.submit("[action$=pause]")
    refused = manager.htmx_post(f"/shops/{shop.id}/imports", kind=PRODUCTS)
    assert (refused.status, "This shop is paused" in refused.text) == (409, True)


def test_the_progress_says_what_it_does_how_fast_and_how_long(shop, signed_in, clock):
    run = make_run(
        shop, phase=FETCHING, phase_started_at=clock(), phase_started_done=28, done=268, total=412,
        count_new=251, count_unchanged=14, count_skipped=2,
    )  # fmt: skip
    clock.jump(seconds=10)
    manager = signed_in()
    row = manager.htmx_get(f"/imports/{run.id}")
    assert "Fetching order details · 24 per second" in row.text
    assert "268 of 412" in row.text
    assert "about 6 s left" in row.text
    assert row.texts(".counts li") == ["251 new", "14 already here", "2 deleted before, skipped"]
    assert row.one("progress")["value"] == "268"


def test_an_open_problem_is_shown_while_it_runs_with_its_next_step(shop, signed_in):
    order = make_order(shop=shop, products=[None])
    run = make_run(shop)
    add_problems(run, "unknown_product", line=2, title="Bowl", ean="8712345000017")
    with transaction() as tx:
        tx.session.query(ImportProblem).one().order_line_id = order.lines[0].id
    row = signed_in().htmx_get(f"/imports/{run.id}")
    assert "C00001 · line 2: “Bowl” is not known here" in row.text
    assert row.one(".notice a")["href"] == f"/order-lines/{order.lines[0].id}/product"


def test_polling_ends_by_itself_when_the_run_ends(shop, signed_in):
    run, manager = make_run(shop, kind=PRODUCTS), signed_in()
    assert manager.htmx_get(f"/imports/{run.id}").all("[hx-trigger]")
    with transaction() as tx:
        ended = tx.session.get_one(ImportRun, run.id)
        ended.status, ended.active_key, ended.finished_at = FINISHED, None, the_clock.now()
        ended.done, ended.count_new = 1_204, 1_180
    last = manager.htmx_get(f"/imports/{run.id}")
    assert not last.all("[hx-trigger]")
    assert last.headers["HX-Trigger"] == "import-ended"
    assert "1,204 offers · 1,180 new" in last.text
    assert last.texts("button") == ["Transfer again"]


def test_a_progress_fragment_costs_two_queries(ctx, shop, signed_in):
    run = make_run(shop)
    add_problems(run, "order_gone", "order_gone")
    manager, url = signed_in(), f"/imports/{run.id}"
    with counted_queries(ctx) as queries:
        assert manager.htmx_get(url).status == 200
    assert len(queries) == 2, queries


def test_stop_stops_and_says_so(shop, signed_in):
    run = imports.start(shop.id, ORDERS, user_id=None)
    manager = signed_in()
    manager.get(f"/shops/{shop.id}")
    row = manager.htmx_post(f"/imports/{run.id}/stop")
    assert "Stopped" in row.texts(".pill")
    assert not row.all("[hx-trigger]")


def test_a_stop_that_a_worker_has_yet_to_hear_is_told_and_offered_once(shop, signed_in):
    run = make_run(shop, lease_until=the_clock.now() + timedelta(minutes=1))
    manager = signed_in()
    manager.get(f"/shops/{shop.id}")
    row = manager.htmx_post(f"/imports/{run.id}/stop")
    assert "Stopping after what is being fetched now" in row.text
    assert row.one("#transfer-orders")["hx-trigger"] == "every 1s"
    assert not row.all("button")


def test_a_failed_run_says_why(shop, signed_in):
    make_run(shop, kind=PRODUCTS, status=FAILED, trouble="bol.com was away for two hours.")
    page = signed_in().get(f"/shops/{shop.id}")
    assert "Failed" in page.texts(".pill")
    assert "bol.com was away for two hours." in page.one("#transfer-products .notice").text


def test_problems_are_listed_by_kind_with_what_to_do(shop, signed_in):
    run = make_run(shop, kind=PRODUCTS, status=FINISHED)
    add_problems(run, "no_reference", "no_reference", "doubled_reference", "brand_new_code", offer_id="of-1")
    manager = signed_in()
    page = manager.get(f"/imports/{run.id}/problems")
    assert page.texts(".tabs__tab") == [
        "All 4",
        "Offers without reference 2",
        "Brand new code 1",
        "References used twice 1",
    ]
    assert "Give the offer an internal reference at bol.com" in page.text
    only = manager.get(f"/imports/{run.id}/problems?code=no_reference")
    assert len(only.all(".row")) == 2
    assert manager.get(f"/imports/{run.id}/problems?code=%00nonsense").status == 200


def test_a_problem_is_led_by_the_title_that_is_known_and_ended_by_the_id_of_its_offer(shop, signed_in):
    run = make_run(shop, kind=PRODUCTS, status=FINISHED)
    make_product("BAG", ean="8712345000017", title="Cool bag")
    make_order(shop=shop, products=[None], items={"offer_external_id": "of-2", "title": "Bowl", "ean": None})
    add_problem(run, "no_reference", "x", offer_id="of-1", ean="8712345000017")
    add_problem(run, "no_reference", "x", offer_id="of-2", ean="8712345000024")
    add_problem(run, "no_reference", "x", offer_id="of-3", title="Lamp", ean="8712345000017")
    add_problem(run, "no_reference", "8712345000031", offer_id="of-4", ean="8712345000031")
    page = signed_in().get(f"/imports/{run.id}/problems")
    assert page.texts(".row strong") == ["8712345000031", "Cool bag", "Bowl", "Lamp"]
    assert page.texts(".row .row__note")[-2:] == ["EAN 8712345000017", "offer of-3"]
    assert page.text.count("Give the offer an internal reference") == 1


def test_an_ean_of_products_with_different_titles_gives_no_title(shop, signed_in):
    run = make_run(shop, kind=PRODUCTS, status=FINISHED)
    for title in ("Cool bag", "Cooling bag"):
        make_product(ean="8712345000017", title=title)
    add_problem(run, "ean_matches_several", "HK-1", reference="HK-1", ean="8712345000017")
    assert signed_in().get(f"/imports/{run.id}/problems").texts(".row strong") == ["HK-1"]


def test_offers_with_the_same_reference_stand_together(shop, signed_in):
    run = make_run(shop, kind=PRODUCTS, status=FINISHED)
    for reference, title in (("A", "A1"), ("B", "B1"), ("A", "A2"), ("B", "B2")):
        add_problem(run, "doubled_reference", reference, reference=reference, title=title)
    assert signed_in().get(f"/imports/{run.id}/problems").texts(".row strong") == ["A1", "A2", "B1", "B2"]


def test_only_what_is_not_solved_needs_somebody(shop, signed_in):
    run, manager = make_run(shop, kind=PRODUCTS, status=FINISHED), signed_in()
    add_problems(run, "no_reference", "no_reference", "order_gone")
    assert "3 need you" in manager.get(f"/shops/{shop.id}").one("#transfer-products").text
    solve(run, "C00001")
    assert "2 need you" in manager.get(f"/shops/{shop.id}").one("#transfer-products").text
    page = manager.get(f"/imports/{run.id}/problems")
    assert page.texts(".tabs__tab") == ["All 2", "Offers without reference 1", "Orders that bol.com no longer shows 1"]
    assert page.texts("s strong") == ["C00001"]
    solve(run, "C00003")
    assert "Orders that bol.com no longer shows · all solved" in manager.get(f"/imports/{run.id}").text
    solve(run, "C00002")
    assert "all solved" in manager.get(f"/shops/{shop.id}").one("#transfer-products").text


def test_a_solved_hint_was_never_counted(shop, signed_in):
    run = make_run(shop, kind=PRODUCTS, status=FINISHED)
    add_problems(run, "no_reference")
    add_problem(run, "doubled_ean", "hint", offer=make_offer(shop))
    solve(run, "hint")
    assert "1 needs you" in signed_in().get(f"/shops/{shop.id}").one("#transfer-products").text


def test_problems_are_paged_without_losing_or_doubling_one(shop, signed_in):
    run = make_run(shop, status=FINISHED)
    add_problems(run, *["order_gone"] * 120)
    manager, seen = signed_in(), []
    page = manager.get(f"/imports/{run.id}/problems?code=order_gone")
    while True:
        seen += page.texts(".row strong")
        following = page.all("a[rel=next]")
        if not following:
            break
        page = manager.get(following[0]["href"])
    assert seen == [f"C{number:05}" for number in range(1, 121)]
    assert manager.get(page.one("a[rel=prev]")["href"]).texts(".row strong")[0] == "C00051"


def test_markup_in_a_problem_is_text(shop, signed_in):
    run = make_run(shop, kind=PRODUCTS, status=FINISHED)
    add_problems(run, "no_reference", title="<script>alert(1)</script>")
    page = signed_in().get(f"/imports/{run.id}/problems")
    assert "<script>alert(1)</script> · has no reference" in page.text


def test_staff_neither_watch_nor_stop(shop, signed_in):
    run = make_run(shop)
    staff = signed_in("staff")
    staff.get("/account")
    assert staff.get(f"/imports/{run.id}").status == 403
    assert staff.get(f"/imports/{run.id}/problems").status == 403
    staff.get("/account")
    assert staff.htmx_post(f"/imports/{run.id}/stop").status == 403


def test_the_readiness_report_says_what_is_fine_and_what_is_not(ctx, sandbox, signed_in):
    shop_id, manager = link_shop(sandbox), signed_in()
    sandbox.world.add_offer(reference=None)
    before = manager.get(f"/shops/{shop_id}/readiness")
    assert "No check has been made yet." in before.text
    assert before.texts("#transfer-readiness button") == ["Check readiness now"]
    assert transfer(shop_id, READINESS).status == FINISHED
    page = manager.get(f"/shops/{shop_id}/readiness")
    titles, pills = page.texts("#report .row__title"), page.texts("#report .pill")
    assert titles[:3] == ["Offers without reference", "References used twice", "EANs used twice"]
    assert pills[titles.index("Offers without reference")].endswith("found")
    assert pills[titles.index("Products here without EAN")] == "fine"


def test_a_whole_products_transfer_ends_on_the_shop_page(ctx, sandbox, signed_in):
    shop_id, manager = link_shop(sandbox), signed_in()
    assert transfer(shop_id, PRODUCTS).status == FINISHED
    page = manager.get(f"/shops/{shop_id}")
    assert "Finished" in page.one("#transfer-products").text
    assert "Transfer of products finished" in page.texts("#history li")[0] + page.texts("#history li")[1]
