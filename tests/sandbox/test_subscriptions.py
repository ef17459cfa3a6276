import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.sandbox.conftest import Asker

WANTED = {
    "resources": ["ORDER", "PROCESS_STATUS"],
    "eventDestination": "https://shop.example/bol",
    "subscriptionType": "WEBHOOK",
}


def test_a_subscription_is_made_changed_and_ended_at_once(bol: Asker) -> None:
    assert bol.get("/retailer/subscriptions", version="v11").json == {}
    made = bol.post("/retailer/subscriptions", WANTED, version="v11")
    path = f"/retailer/subscriptions/{made.json['id']}"
    assert bol.get(path, version="v11").json["enabled"] is True

    assert bol.put(path, {**WANTED, "enabled": False}, version="v11").status == 204
    assert bol.get("/retailer/subscriptions", version="v11").json["subscriptions"][0]["enabled"] is False
    assert bol.ask("DELETE", path, version="v11").status == 204
    assert bol.get(path, version="v11").status == 404


def test_plain_http_and_unknown_resources_are_refused(bol: Asker) -> None:
    plain = {**WANTED, "eventDestination": "http://shop.example/bol"}
    assert bol.post("/retailer/subscriptions", plain, version="v11").status == 400
    assert bol.post("/retailer/subscriptions", {**WANTED, "resources": ["ORDERS"]}, version="v11").status == 400


def test_the_test_message_is_signed_with_the_published_key(bol: Asker) -> None:
    made = bol.post("/retailer/subscriptions", WANTED, version="v11").json
    sent = bol.ask("POST", f"/retailer/subscriptions/test/{made['id']}", version="v11").json
    assert sent["resource"] == "TEST"

    (key,) = bol.get("/retailer/subscriptions/signature-keys", version="v11").json["signatureKeys"]
    (message,) = bol.world.deliveries
    signature = message.signature.split(", ")[2].partition("=")[2]
    public = load_der_public_key(base64.b64decode(key["publicKey"]))
    public.verify(base64.b64decode(signature), message.body, padding.PKCS1v15(), hashes.SHA256())
