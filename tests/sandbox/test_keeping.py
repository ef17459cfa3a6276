import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import requests

from stoqflow_web.bol.sandbox import SandboxOptions, World
from stoqflow_web.bol.sandbox.keeping import Keeper, load
from stoqflow_web.bol.sandbox.shipments import ship

OPTIONS = SandboxOptions(orders=3, offers=4)


def _keep(world: World, file: Path) -> None:
    Keeper(world, file).stop()


def test_a_world_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "sandbox" / "world"
    world = World(OPTIONS)
    order_id = world.place_order(quantity=3)
    world.ask_to_cancel(order_id)
    world.jump(days=1)
    _keep(world, file)

    again = load(file, OPTIONS)

    assert again.order(order_id) == world.order(order_id)
    assert again.open_order_ids() == world.open_order_ids()
    assert (again.clock.now() - world.clock.now()).total_seconds() < 10
    assert again.place_order() not in world.orders
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_was_queued_is_still_done(tmp_path: Path) -> None:
    world = World(OPTIONS)
    order_id = world.place_order()
    item = world.order(order_id).items[0]
    world.enqueue("CREATE_SHIPMENT", "Create shipment.", partial(ship, [(item.item_id, None)], None, None, None))
    _keep(world, tmp_path / "world")

    again = load(tmp_path / "world", OPTIONS)
    again.jump(3)
    assert again.order(order_id).items[0].shipped == 1
    assert again.items[item.item_id] is again.order(order_id).items[0]


def test_new_keys_and_speed_are_followed(tmp_path: Path) -> None:
    _keep(World(OPTIONS), tmp_path / "world")
    again = load(tmp_path / "world", replace(OPTIONS, client_id="other", process_delay=9.0, limits=False))
    assert (again.options.client_id, again.process_delay, again.limits.enforced) == ("other", 9.0, False)


@pytest.mark.parametrize("change", [{"seed": 2}, {"orders": 9}, {"offers": 9}])
def test_another_filling_starts_anew(tmp_path: Path, change: dict[str, int]) -> None:
    _keep(World(OPTIONS), tmp_path / "world")
    assert load(tmp_path / "world", replace(OPTIONS, **change)) is None


def test_nothing_or_rubbish_starts_anew(tmp_path: Path) -> None:
    assert load(tmp_path / "world", OPTIONS) is None
    (tmp_path / "world").write_bytes(b"rubbish")
    assert load(tmp_path / "world", OPTIONS) is None


def test_a_served_world_is_kept_when_the_process_is_told_to_stop(tmp_path: Path) -> None:
    file = tmp_path / "world"
    program = (
        "import functools, pathlib, sys; from stoqflow_web.bol.sandbox.serve import SandboxOptions, serve; "
        "tell = functools.partial(print, flush=True); "
        "serve(SandboxOptions(orders=3, offers=4), '127.0.0.1', 0, pathlib.Path(sys.argv[1]), tell)"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", program, str(file)], cwd=root, stdout=subprocess.PIPE) as served:
        try:
            order_id = _place_order(served.stdout.readline().decode().strip())
        finally:
            served.send_signal(signal.SIGTERM)
        assert served.wait(30) == 0
    assert order_id in load(file, OPTIONS).orders


def _place_order(address: str) -> str:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{address}/control/place-order", headers={"Accept": "application/json"}).json()["result"]
