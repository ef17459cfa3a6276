"""Short ways to a linked shop and a transfer that has run."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

from stoqflow_web.bol.sandbox import RunningSandbox
from stoqflow_web.extensions import db
from stoqflow_web.models import ImportRun
from stoqflow_web.services import imports, shops


def link_shop(sandbox: RunningSandbox, *, name: str = "Home & Kitchen NL") -> int:
    """The id of a shop linked with the pretend bol.com's own keys."""
    return shops.add_shop(name=name, api_key=sandbox.client_id, api_secret=sandbox.client_secret, user_id=None).id


def transfer(shop_id: int, kind: str) -> ImportRun:
    """The run as it is once a worker has done with it, for now or for good."""
    run_id = imports.start(shop_id, kind, user_id=None).id
    imports.carry_on(run_id)
    db.session.rollback()
    return db.session.get_one(ImportRun, run_id)


def after_requests(sandbox: RunningSandbox, path: str, how_many: int, action: Callable[[], object]) -> None:
    """Do `action` when the pretend bol.com has dealt with so many requests, just before the last is answered.

    `path` is met exactly; one that ends in a slash meets everything below it.
    """
    answer, counted, lock = sandbox._server.app, itertools.count(1), threading.Lock()

    def counting(environ: dict[str, Any], start_response: Any) -> Any:
        body = answer(environ, start_response)
        asked = environ["PATH_INFO"]
        if asked == path or (path.endswith("/") and asked.startswith(path)):
            with lock:
                is_the_one = next(counted) == how_many
            if is_the_one:
                action()
        return body

    sandbox._server.app = counting
