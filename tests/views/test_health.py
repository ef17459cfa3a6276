"""Is Stoqflow up?"""

from sqlalchemy import text

from stoqflow_web.extensions import db
from stoqflow_web.transaction import transaction


def test_health_says_ok_to_anybody(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok", "text/plain")
    assert "Set-Cookie" not in answer.headers


def test_health_says_when_the_database_cannot_be_used(app, client):
    with app.app_context(), transaction() as tx:
        tx.session.execute(text("ALTER TABLE users RENAME TO elsewhere"))
    answer = client.get("/health")
    assert (answer.status_code, answer.text) == (503, "database out of reach")
    with app.app_context():
        db.session.remove()
