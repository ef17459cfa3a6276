"""What a list of codes may look like, and what the dry run says of each line."""

import pytest
from flask import Flask

from stoqflow_web.errors import Invalid
from stoqflow_web.models import SalesOrder
from stoqflow_web.queries import batches as queries
from stoqflow_web.services import batches
from stoqflow_web.services.batch_files import MOST_LINES, csv_text, decoded, read_codes, safe_cell
from stoqflow_web.services.completing import Parcel, complete
from stoqflow_web.services.splitting import split
from stoqflow_web.services.undoing import undo
from tests.support.builders import make_order, make_product, make_shop
from tests.support.counting import counted_queries

pytestmark = pytest.mark.usefixtures("ctx")
CODE = "3SABCD0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"SO-1,postnl,{CODE}",
        f"SO-1;postnl;{CODE}",
        f"SO-1\tpostnl\t{CODE}",
        f"order,carrier,code\nSO-1,postnl,{CODE}",
        f"\ufeffBestelnummer;Vervoerder;Track & Trace\r\nSO-1;postnl;{CODE}\r\n\r\n",
        f"Name;Tracking number;Order ID;Carrier\nJan;{CODE};SO-1;postnl",
        f'"SO-1","postnl","{CODE}"',
        f'SO-1;"postnl";="{CODE}"',
        f"\n\n  SO-1 ; postnl ; {CODE} ;;\n;;\n",
        f"SO-1 postnl {CODE}",
        f"SO-1,postnl,'{CODE}",
    ],
)
def test_a_list_is_understood_however_it_is_written(text):
    (line,) = read_codes(text)
    assert (line.order, line.carrier, line.code, line.complaint) == ("SO-1", "postnl", CODE, "")


@pytest.mark.parametrize("text", [f"SO-1,{CODE}", f"SO-1;;{CODE}", f"SO-1\t{CODE}", f"order;code\nSO-1;{CODE}"])
def test_the_carrier_may_be_left_out(text):
    (line,) = read_codes(text)
    assert (line.order, line.carrier, line.code) == ("SO-1", "", CODE)


def test_a_line_with_another_separator_than_the_list_is_read_by_its_own():
    text = f"SO-1;postnl;{CODE}\nSO-2;postnl;{CODE}\nSO-3,{CODE}\nSO-4 DHL {CODE}\nSO-5 DHL Same Day {CODE}\nSO-6"
    for heading in ("", "order;carrier;code\n"):
        lines = [(line.order, line.carrier, line.code) for line in read_codes(heading + text)]
        assert lines[2:] == [
            ("SO-3", "", CODE),
            ("SO-4", "DHL", CODE),
            ("SO-5", "DHL Same Day", CODE),
            ("SO-6", "", ""),
        ]


def test_line_numbers_are_those_of_the_file():
    lines = read_codes(f"order;code\n\nSO-1;{CODE}\n\n\nSO-2;{CODE}")
    assert [line.line_number for line in lines] == [3, 6]


def test_a_line_that_can_not_be_read_does_not_take_others_along():
    first, second, third = read_codes(f'SO-1,"postnl,{CODE}\n,,{CODE}\nSO-3,,{CODE}')
    assert "quotation mark" in first.complaint
    assert "no order" in second.complaint
    assert (third.order, third.complaint) == ("SO-3", "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "empty"), (" \n;;\n", "empty"), ("order;code", "only its heading"), ("SO-1;x\nSO-\x00", "Line 2")],
)
def test_a_list_that_can_not_be_used_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(Invalid, match=sentence):
        read_codes(text)


def test_ten_thousand_lines_are_taken_and_more_are_not():
    text = "\n".join(f"SO-{number};{CODE}" for number in range(MOST_LINES))
    assert len(read_codes("order;code\n" + text)) == MOST_LINES
    with pytest.raises(Invalid, match="10002 lines"):
        read_codes(text + "\nSO-1;1\nSO-2;2")


def test_other_encodings_are_read_or_refused_with_the_line():
    text = f"order;carrier;code\nSO-1;bpost;{CODE}\nSO-2;Géodis;{CODE}"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert [line.carrier for line in read_codes(decoded(text.encode(encoding)))] == ["bpost", "Géodis"]
    with pytest.raises(Invalid, match="Line 3") as refused:
        decoded(text.encode("latin-1"))
    assert refused.value.field == "file"
    for spreadsheet in (b"PK\x03\x04xlsx", b"\xd0\xcf\x11\xe0xls"):
        with pytest.raises(Invalid, match="spreadsheet"):
            decoded(spreadsheet)


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_no_cell_of_a_download_is_a_formula(cell):
    assert safe_cell(cell).startswith("'")
    assert "".join(csv_text([["a", cell]])).startswith("\ufeffa,")


def test_harmless_cells_stay_as_they_are():
    assert [safe_cell(value) for value in ("SO-1", 12, None, "a=b")] == ["SO-1", "12", "", "a=b"]


# The dry run


def told(text: str) -> list[tuple[str, str | None]]:
    batch = batches.choose_by_list(read_codes(text), user_id=None)
    return [(row.outcome, row.sentence) for row in queries.rows_of(batch).rows]


@pytest.fixture
def order(ctx: Flask) -> SalesOrder:
    return make_order(external_id="C000AB12CD")


def test_an_order_is_named_by_our_number_or_by_bols(order):
    for name in (order.number, order.number.lower(), "C000AB12CD", "c000ab12cd"):
        assert told(f"{name};{CODE}") == [("waiting", None)], name
    assert told(f"SO-1;{CODE}") == [("refused", "Unknown order.")]


def test_bols_number_of_a_split_order_is_not_enough():
    made = make_order(products=[make_product()], quantity=3)
    backorder = split(made.id, {made.lines[0].id: 1}, user_id=None)
    external_id = made.marketplace_order.external_id
    ((outcome, sentence),) = told(f"{external_id};{CODE}")
    assert outcome == "refused"
    assert made.number in sentence
    assert backorder.number in sentence


@pytest.mark.parametrize("name", ["postnl", "PostNL", "TNT", "tnt", " postnl "])
def test_a_carrier_is_named_by_its_name_its_key_or_bols_code(order, name):
    batch = batches.choose_by_list(read_codes(f"{order.number};{name};{CODE}"), user_id=None)
    assert queries.rows_of(batch).rows[0].carrier == "postnl"


def test_without_a_carrier_the_code_tells_it_and_else_the_shop(order):
    dhl = make_order(shop=make_shop(default_carrier="dhl-same-day"))
    text = f"{order.number};;JVGL01234567890\n{dhl.number};;99887766"
    batch = batches.choose_by_list(read_codes(text), user_id=None)
    assert [row.carrier for row in queries.rows_of(batch).rows] == ["dhl", "dhl-same-day"]


def test_each_line_that_can_not_be_completed_says_why(order):
    canceled = make_order(status="canceled")
    held = make_order(status="on-hold")
    asked = make_order(is_cancellation_requested=True)
    vvb = make_order(items={"needs_marketplace_label": True})
    lines = [
        (canceled.number, "", CODE, "is canceled already"),
        (held.number, "", CODE, "is on hold"),
        (asked.number, "", CODE, "asked bol.com to cancel"),
        (vvb.number, "", CODE, "label of bol.com"),
        (order.number, "postnl", "", "Fill in the Track & Trace code"),
        (order.number, "Pigeon", CODE, "no carrier “Pigeon”"),
        (order.number, "postnl", "concept", "no Track & Trace code"),
    ]
    for number, carrier, code, expected in lines:
        ((outcome, sentence),) = told(f"{number};{carrier};{code}")
        assert outcome == "refused", number
        assert expected in sentence


def test_checking_again_keeps_a_carrier_that_is_unknown_refused(order):
    batch = batches.choose_by_list(read_codes(f"{order.number};Pigeon;{CODE}"), user_id=None)
    batches.fill_in(batch.id, {}, user_id=None)
    (row,) = queries.rows_of(batch).rows
    assert (row.outcome, row.sentence) == ("refused", "There is no carrier “Pigeon”.")
    batches.fill_in(batch.id, {row.id: ("postnl", CODE)}, user_id=None)
    assert queries.rows_of(batch).rows[0].outcome == "waiting"


def test_an_order_that_is_listed_twice_is_completed_once(order):
    assert told(f"{order.number};{CODE}\n\nC000AB12CD;3SABCD0123456780") == [
        ("waiting", None),
        ("refused", "This order is on line 1 already. For several parcels use its own page."),
    ]


def test_lines_with_a_code_that_is_none_do_not_take_the_good_one_of_the_same_order_along(order):
    text = f"{order.number};concept\n{order.number};{CODE}\n{order.number};3SABCD0123456780"
    assert [outcome for outcome, _sentence in told(text)] == ["refused", "waiting", "refused"]
    assert "line 2 already" in told(text)[2][1]


def test_a_deleted_order_is_said_to_be_deleted(order):
    gone = make_order(status="deleted")
    for name in (gone.number, gone.marketplace_order.external_id):
        assert told(f"{name};{CODE}") == [("refused", f"{gone.number} was deleted.")]


def doubted(text: str) -> list[tuple[bool, str | None]]:
    batch = batches.choose_by_list(read_codes(text), user_id=None)
    return [(row.is_uncommon, row.sentence) for row in queries.rows_of(batch).rows]


def test_the_same_code_for_two_orders_is_to_be_confirmed(order):
    other = make_order()
    assert doubted(f"{order.number};{CODE}\n{other.number};{CODE}") == [
        (True, f"The same code as {other.number}."),
        (True, f"The same code as {order.number}."),
    ]
    assert doubted(f"{order.number};{CODE}\n{other.number};3SABCD0123456780") == [(False, None), (False, None)]


def test_a_code_of_another_parcel_is_to_be_confirmed_unless_that_one_was_undone(order):
    other = make_order(products=[make_product()])
    complete(other.id, [Parcel(carrier="postnl", track_and_trace=CODE)], user_id=None)
    assert doubted(f"{order.number};{CODE.lower()}") == [(True, f"This code was used for {other.number} already.")]
    undo(other.id, user_id=None)
    assert doubted(f"{order.number};{CODE}") == [(False, None)]


def test_a_longer_list_asks_no_more_of_the_database(app):
    product, shop = make_product(), make_shop()
    numbers = [make_order(shop=shop, products=[product]).number for _ in range(40)]
    asked = []
    for some in (numbers[:2], numbers):
        with counted_queries(app) as statements:
            told("\n".join(f"{number};3SABCD{place:010}" for place, number in enumerate(some)))
        asked.append(len(statements))
    assert asked[0] == asked[1]
