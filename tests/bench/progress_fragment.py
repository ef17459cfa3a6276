"""What a page that watches a transfer asks of the database each second."""

from sqlalchemy import event

from stoqflow_web import clock
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportProblem, ImportRun
from stoqflow_web.models.imports import FETCHING, ORDERS, RUNNING
from stoqflow_web.transaction import transaction
from tests.bench.harness import Figure, installation, signed_in_client
from tests.support.builders import make_shop


def measure() -> list[Figure]:
    with installation() as home:
        run_id = _run_with_a_problem()
        client = signed_in_client(home)
        address, as_htmx = f"/imports/{run_id}", {"HX-Request": "true", "HX-Request-Type": "partial"}
        client.get(address, headers=as_htmx)  # the first request of an app prepares things that stay
        asked: list[str] = []

        def note(connection: object, cursor: object, statement: str, *_: object) -> None:
            if not statement.startswith("BEGIN"):
                asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        answer = client.get(address, headers=as_htmx)
        event.remove(db.engine, "before_cursor_execute", note)
    if answer.status_code != 200 or "<html" in answer.text:
        raise RuntimeError(f"That was not the fragment but {answer.status}.")
    return [
        Figure(
            "progress-fragment", "one poll of a running transfer, signed in", "the database", len(asked), 2, "queries"
        )
    ]


def _run_with_a_problem() -> int:
    now = clock.now()
    with transaction() as tx:
        shop = make_shop()
        run = ImportRun(
            shop_id=shop.id,
            kind=ORDERS,
            status=RUNNING,
            phase=FETCHING,
            active_key=f"{shop.id}:{ORDERS}",
            total=1000,
            done=400,
            count_problems=1,
            created_at=now,
            started_at=now,
            phase_started_at=now,
        )
        tx.session.add(run)
        tx.session.flush()
        tx.session.add(
            ImportProblem(run_id=run.id, code="order_gone", subject="C0001", details={}, created_at=clock.now())
        )
    return run.id
