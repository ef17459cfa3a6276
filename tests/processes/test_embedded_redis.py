import signal
import time
from pathlib import Path

import pytest
import redis

from stoqflow_web import embedded_redis
from stoqflow_web.embedded_redis import NoRedis, bundled_server, is_new_enough, start_redis, version_line
from stoqflow_web.processes import end_group


@pytest.fixture
def start(folder):
    started = []

    def start_over(**options):
        socket = folder / "redis" / "redis.sock"
        started.append(start_redis(folder / "redis", socket, **options))
        return started[-1], redis.Redis(unix_socket_path=str(socket))

    yield start_over
    for process in started:
        end_group(process)
        process.wait()


def test_the_bundled_server_is_there_at_the_private_path_of_its_package():
    assert "v=9.1.2" in version_line(bundled_server())


def test_the_queue_survives_a_stop(start):
    process, client = start()
    client.rpush("queue", "job 7")
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=5)

    _, client = start()

    assert client.lrange("queue", 0, -1) == [b"job 7"]


def test_a_killed_server_leaves_a_stale_socket_that_does_not_matter(start, folder):
    process, _ = start()
    process.kill()
    process.wait()
    assert (folder / "redis" / "redis.sock").exists()

    _, client = start()

    assert client.ping()


def test_the_data_are_plain_commands_that_another_version_reads_too(start):
    _, client = start()
    client.set("name", "value")

    client.bgrewriteaof()

    assert client.config_get("aof-use-rdb-preamble") == {"aof-use-rdb-preamble": "no"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_data_that_cannot_be_read_move_aside_and_redis_starts_fresh(start, folder):
    old = folder / "redis" / "appendonlydir"
    old.mkdir(parents=True)
    (old / "appendonly.aof.manifest").write_text("file appendonly.aof.1.base.rdb seq 1 type b\n")
    (old / "appendonly.aof.1.base.rdb").write_bytes(b"REDIS9999 from a far future")
    heard = []

    _, client = start(say=heard.append)

    assert client.dbsize() == 0
    assert len(heard) == 1
    assert "starts fresh" in heard[0]
    [aside] = folder.glob("redis-unreadable-*")
    assert (aside / "appendonlydir" / "appendonly.aof.1.base.rdb").exists()


def test_a_server_left_over_from_a_killed_start_makes_way(start, monkeypatch):
    monkeypatch.setattr(embedded_redis, "LEFTOVER_SECONDS", 0.2)
    first, client = start()
    client.set("name", "value")

    _, client = start()

    assert first.wait(timeout=5) == 0
    assert client.get("name") == b"value"


def test_a_server_that_does_not_start_is_refused_with_a_sentence(folder):
    program = folder.parent / "valkey-server"
    program.write_text("#!/bin/sh\necho no such luck\nexit 1\n")
    program.chmod(0o700)
    began = time.monotonic()

    with pytest.raises(NoRedis, match=r"valkey-server did not start\. It said: no such luck"):
        start_redis(folder / "redis", folder / "redis" / "redis.sock", server=program)

    assert time.monotonic() - began < 5


def test_without_any_server_the_refusal_names_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(embedded_redis, "bundled_server", lambda: None)

    with pytest.raises(NoRedis, match=r"Install valkey-server 7\.2 or redis-server 5 or newer, or set REDIS_URL"):
        embedded_redis.find_server()


def test_a_server_on_the_path_must_be_new_enough(monkeypatch, tmp_path):
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=4.0.9 sha=0'\n")
    old.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(embedded_redis, "bundled_server", lambda: None)

    with pytest.raises(NoRedis, match="redis-server of this machine is too old"):
        embedded_redis.find_server()

    old.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=0'\n")
    assert embedded_redis.find_server() == Path(old)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Valkey server v=9.1.2 sha=00000000:1", True),
        ("Valkey server v=7.2.0 sha=0", True),
        ("Valkey server v=7.1.9 sha=0", False),
        ("Redis server v=5.0.14 sha=0", True),
        ("Redis server v=10.0.0 sha=0", True),
        ("Redis server v=4.0.9 sha=0", False),
        ("command not found", False),
        ("", False),
    ],
)
def test_versions_that_rq_works_with(line, expected):
    assert is_new_enough(line) is expected
