from tests.sandbox.conftest import Asker


def _known(bol: Asker) -> str:
    bol.world.add_offer(
        ean="8712345678906", title="Kookhuys Braadpan - 28 cm", brand="Kookhuys", bol_product_id="93001"
    )
    return "8712345678906"


def test_the_title_and_brand_of_a_product(bol: Asker) -> None:
    product = bol.get(f"/retailer/content/catalog-products/{_known(bol)}").json
    names = {one["id"]: one["values"][0]["value"] for one in product["attributes"]}
    assert names["Name"] == "Kookhuys Braadpan - 28 cm"
    assert product["parties"][0]["role"] == "BRAND"


def test_pictures_are_served_by_the_pretend_bol_itself(bol: Asker) -> None:
    assets = bol.get(f"/retailer/products/{_known(bol)}/assets?usage=PRIMARY").json["assets"]
    variants = {variant["size"]: variant for variant in assets[0]["variants"]}
    assert set(variants) == {"small", "medium"}
    picture = bol.raw("GET", variants["small"]["url"].removeprefix("http://localhost"), {})
    assert (picture.status, picture.media) == (200, "image/jpeg")
    assert picture.body.startswith(b"\xff\xd8")
    assert picture.body.endswith(b"\xff\xd9")


def test_product_ids(bol: Asker) -> None:
    ean = _known(bol)
    ids = bol.get(f"/retailer/products/{ean}/product-ids").json
    assert ids == {"bolProductId": "93001", "eans": [{"ean": ean}]}


def test_what_bol_does_not_know_is_not_found_and_nonsense_is_refused(bol: Asker) -> None:
    bol.world.add_offer(ean="8700000000001", bol_product_id=None)
    for path in ("content/catalog-products/{}", "products/{}/assets", "products/{}/product-ids"):
        assert bol.get(f"/retailer/{path.format('8700000000001')}").status == 404
        assert bol.get(f"/retailer/{path.format('4006381333931')}").status == 404
        assert bol.get(f"/retailer/{path.format('0')}").json["violations"][0]["reason"].endswith("'0'.")


def test_inventory_lists_what_lies_with_bol(bol: Asker) -> None:
    bol.world.empty()
    assert bol.get("/retailer/inventory").json == {}
    bol.world.add_offer(method="FBB", regular_stock=3, graded_stock=1, title="Lampion Lantaarn", ean="8712345678906")
    bol.world.add_offer(method="FBB", regular_stock=40, graded_stock=0, title="Duinkamp Koeltas")
    bol.world.add_offer(method="FBR")

    assert len(bol.get("/retailer/inventory").json["inventory"]) == 2
    assert bol.get("/retailer/inventory?query=lantaarn").json["inventory"][0]["ean"] == "8712345678906"
    assert bol.get("/retailer/inventory?stock=SUFFICIENT").json["inventory"][0]["regularStock"] == 40
    assert len(bol.get("/retailer/inventory?quantity=0-10").json["inventory"]) == 1
    assert len(bol.get("/retailer/inventory?state=GRADED").json["inventory"]) == 1
    assert bol.get("/retailer/inventory?quantity=veel").status == 400


def test_returns_are_listed_and_shown(bol: Asker) -> None:
    assert bol.get("/retailer/returns").json == {}
    order_id = bol.world.place_order(quantity=2)
    bol.world.ship_by_hand(order_id)
    return_id = bol.world.send_back(order_id)

    (listed,) = bol.get("/retailer/returns?handled=false&fulfilment-method=FBR").json["returns"]
    assert (listed["returnId"], listed["returnItems"][0]["orderId"]) == (return_id, order_id)
    shown = bol.get(f"/retailer/returns/{return_id}").json
    assert shown["returnItems"][0]["customerDetails"]["city"]
    assert bol.get("/retailer/returns?handled=true").json == {}
    assert bol.get("/retailer/returns/1").json["detail"] == "Return for return id 1 not found."


def test_the_seller_is_told_who_he_is(bol: Asker) -> None:
    seller = bol.get("/retailer/retailers/current").json
    assert seller["retailerId"] == bol.world.options.retailer_id
    assert seller["displayName"] == "Keuken & Buiten"
    assert bol.get("/retailer/retailers/1").status == 404
