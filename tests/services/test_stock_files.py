"""Files with stock as people and spreadsheets write them."""

import pytest

from stoqflow_web.errors import Invalid
from stoqflow_web.services.stock_files import MOST_LINES, read_stock, text_of


def read(text):
    return [(line.product_text, line.number, line.is_change, bool(line.complaint)) for line in read_stock(text)]


@pytest.mark.parametrize(
    "text",
    [
        "sku,on_hand\nHK-1,12\n",
        "SKU;On hand\nHK-1;12",
        "\ufeffsku\ton_hand\r\nHK-1\t12\r\n",
        'title;Sku;ON_HAND\n"Pan; groot\nen zwart";HK-1;12\n',
        "sep=;\nsku;voorraad\n\n;\nHK-1; 12 \n",
        "sku,ean,title,on_hand,reserved,free\nHK-1,871,Pan,12,3,9\n",
        "sku,on_hand,change\n'HK-1,'12,\n",
    ],
)
def test_every_way_to_write_the_same_is_understood(text):
    assert [(product.lstrip("'"), *rest) for product, *rest in read(text)] == [("HK-1", 12, False, False)]


def test_an_ean_or_a_change_may_be_named_instead():
    assert read("ean;change\n8712345678906;+3\n8712345678913;\u22123\n") == [
        ("8712345678906", 3, True, False),
        ("8712345678913", -3, True, False),
    ]


@pytest.mark.parametrize("number", ["", "many", "1.5", "1,5x", "12.0", "1e3", "--3", "9" * 30, "１２"])
def test_what_is_no_whole_number_is_complained_of(number):
    assert read(f"sku;on_hand\nHK-1;{number}") == [("HK-1", None, not number, True)]


@pytest.mark.parametrize("line", [";5;", "HK-1;5;5", "x" * 101 + ";5;"])
def test_a_line_that_can_not_be_meant_is_complained_of(line):
    assert read_stock(f"sku;on_hand;change\n{line}")[0].complaint


def test_lines_are_numbered_as_in_the_file():
    assert [line.line_number for line in read_stock("sku,on_hand\n\nA,1\n\nB,2\n")] == [3, 5]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("sku,on_hand\n", "only its heading"),
        ("HK-1,12\n", "sku"),
        ("sku,title\nHK-1,Pan\n", "on_hand"),
        ('sku,on_hand\n"HK-1,12\n', "quotation mark"),
        ("sku,on_hand\nHK\x00,1", "no text"),
        ("sku,on_hand\n" + "A,1\n" * (MOST_LINES + 1), "At most"),
    ],
)
def test_a_file_that_can_not_be_used_says_why(text, sentence):
    with pytest.raises(Invalid, match=sentence) as refused:
        read_stock(text)
    assert refused.value.field == "file"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_texts_come_as_spreadsheets_write_them(encoding):
    assert text_of("sku,title\nKÜ-1,Één".encode(encoding)).removeprefix("\ufeff") == "sku,title\nKÜ-1,Één"


@pytest.mark.parametrize("content", [b"PK\x03\x04\xff\xfe", b"\x81\x8d"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(Invalid):
        text_of(content)
