import csv
import io

from tests.sandbox.conftest import Asker


def test_the_same_path_speaks_v10_or_v11_by_what_is_accepted(bol: Asker) -> None:
    offer_id = bol.world.add_offer(title="Gietijzeren pan", method="FBR")
    old = bol.get(f"/retailer/offers/{offer_id}")
    new = bol.get(f"/retailer/offers/{offer_id}", version="v11")
    assert old.media == "application/vnd.retailer.v10+json"
    assert new.media == "application/vnd.retailer.v11+json"
    assert old.json["store"]["productTitle"] == "Gietijzeren pan"
    assert "store" not in new.json


def test_a_method_of_one_version_is_not_there_in_the_other(bol: Asker) -> None:
    offer_id = bol.world.add_offer()
    assert bol.ask("PATCH", f"/retailer/offers/{offer_id}", {}, version="v10", checked=False).status == 406


def test_the_stock_is_set_after_a_while(bol: Asker) -> None:
    offer_id = bol.world.add_offer(stock=3, method="FBR")
    queued = bol.put(f"/retailer/offers/{offer_id}/stock", {"amount": 8, "managedByRetailer": True})
    assert (queued.json["eventType"], queued.json["entityId"]) == ("UPDATE_OFFER_STOCK", offer_id)
    assert bol.outcome(queued)["status"] == "SUCCESS"
    assert bol.get(f"/retailer/offers/{offer_id}").json["stock"]["amount"] == 8


def test_stock_above_999_is_refused_at_once_and_an_unknown_offer_later(bol: Asker) -> None:
    path = f"/retailer/offers/{bol.world.add_offer()}/stock"
    assert bol.put(path, {"amount": 1000, "managedByRetailer": True}, checked=False).status == 400
    assert bol.put(path, {"amount": 1}, checked=False).status == 400
    unknown = "/retailer/offers/6ff736b5-cdd0-4150-8c67-78269ee986f5/stock"
    assert bol.outcome(bol.put(unknown, {"amount": 1, "managedByRetailer": True}))["status"] == "FAILURE"


def test_the_export_holds_every_offer_and_is_the_same_for_a_quarter(bol: Asker) -> None:
    bol.world.add_offer(reference='7" pan, "rood"', ean="0000007740404", stock=5, method="FBR")
    done = bol.outcome(bol.post("/retailer/offers/export", {"format": "CSV"}))
    report = bol.get(f"/retailer/offers/export/{done['entityId']}", form="csv")
    assert report.media == "application/vnd.retailer.v10+csv"

    rows = list(csv.DictReader(io.StringIO(report.body.decode())))
    assert len(rows) == 13
    assert rows[-1]["referenceCode"] == '7" pan, "rood"'
    assert rows[-1]["ean"] == "0000007740404"
    assert rows[-1]["mutationDateTime"].endswith(" UTC")
    assert list(rows[0])[-1] == "economicOperatorId"

    again = bol.outcome(bol.post("/retailer/offers/export", {"format": "CSV"}))
    assert again["entityId"] == done["entityId"]
    bol.world.jump(minutes=16)
    assert bol.outcome(bol.post("/retailer/offers/export", {"format": "CSV"}))["entityId"] != done["entityId"]


def test_an_unknown_or_old_report_is_not_found(bol: Asker) -> None:
    done = bol.outcome(bol.post("/retailer/offers/export", {"format": "CSV"}))
    bol.world.jump(days=15)
    assert bol.get(f"/retailer/offers/export/{done['entityId']}", form="csv").status == 404
    assert bol.post("/retailer/offers/export", {"format": "XML"}, checked=False).status == 400
