import os
import signal
import socket
import urllib.request

import pytest

from tests.processes.conftest import processes_of
from tests.support.clocks import wait_until


@pytest.fixture
def up(run, folder, port):
    """`stoqflow run`, up and answering."""
    program = run("stoqflow_web.cli", "run", "--data", str(folder), "--port", str(port))
    program.prints("Ctrl-C stops it")
    return program


def workers_of(folder):
    """The worker processes themselves, without what they have forked."""
    workers = {pid for pid, command in processes_of(folder).items() if "jobs.worker" in command}
    return {pid for pid in workers if parent_of(pid) not in workers}


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def test_a_start_answers_keeps_its_files_private_and_refuses_a_second_one(up, run, folder, port):
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/health").status == 200
    assert "Make the first manager here" in up.text
    assert all((folder / name).stat().st_mode & 0o077 == 0 for name in ("session.key", "secrets.key", "stoqflow.db"))

    second = run("stoqflow_web.cli", "run", "--data", str(folder), "--port", str(port + 1), folder=folder)
    assert second.ends() == 1
    assert f"already runs in {folder}: http://127.0.0.1:{port}" in second.text
    assert "Traceback" not in second.text


def test_a_killed_worker_is_started_again_and_a_stop_leaves_nothing_behind(up, folder):
    wait_until(lambda: up.text.count("listens") == 2, 60)
    victim = min(workers_of(folder))

    os.kill(victim, signal.SIGKILL)

    up.prints("ended (signal SIGKILL); starting it again")
    wait_until(lambda: len(workers_of(folder) - {victim}) == 2, 60)
    wait_until(lambda: up.text.count("listens") == 3, 60)
    assert up.stop() == 0
    assert processes_of(folder) == {}
    assert not (folder / "redis" / "redis.sock").exists()


def test_killing_the_supervisor_takes_the_others_along(up, folder):
    wait_until(lambda: len(processes_of(folder)) > 5, 60)

    up.stop(signal.SIGKILL)

    wait_until(lambda: not processes_of(folder), 60)


def test_a_taken_port_is_refused_with_a_sentence(run, folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        program = run("stoqflow_web.cli", "run", "--data", str(folder), "--port", str(port))

        assert program.ends() == 1
    assert f"Port {port} is taken by another program" in program.text
    assert "Traceback" not in program.text
