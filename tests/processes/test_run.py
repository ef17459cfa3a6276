import subprocess
import sys
from pathlib import Path

import pytest

import run as run_py
from run import Environment

ROOT = Path(run_py.__file__).parent


@pytest.fixture
def environment(tmp_path):
    """An environment in a root of its own, finished but without any stamp."""
    (tmp_path / "requirements.txt").write_text("flask==3.1.3\n")
    (tmp_path / "requirements-dev.txt").write_text("flask==3.1.3\npytest==9.2.0\n")
    environment = Environment(tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    return environment


def readiness(environment):
    return environment.is_ready(for_developers=False), environment.is_ready(for_developers=True)


def test_an_installation_that_stopped_halfway_is_not_ready(environment):
    assert readiness(environment) == (False, False)


def test_an_installation_for_running_does_not_do_for_developers(environment):
    environment.write_stamps(for_developers=False)

    assert readiness(environment) == (True, False)


def test_an_installation_for_developers_does_for_running_too(environment):
    environment.write_stamps(for_developers=True)

    assert readiness(environment) == (True, True)


@pytest.mark.parametrize(
    ("file", "still_ready"), [("requirements.txt", (False, False)), ("requirements-dev.txt", (True, False))]
)
def test_new_pins_ask_for_a_new_installation(environment, file, still_ready):
    environment.write_stamps(for_developers=True)

    (environment.root / file).write_text("flask==3.1.4\n")

    assert readiness(environment) == still_ready


def test_another_python_asks_for_a_new_installation(environment, monkeypatch):
    environment.write_stamps(for_developers=True)

    monkeypatch.setattr(run_py.platform, "python_version", lambda: "3.99.0")

    assert readiness(environment) == (False, False)


def test_a_removed_environment_is_not_ready(environment):
    environment.write_stamps(for_developers=True)

    environment.python.unlink()

    assert readiness(environment) == (False, False)


def test_without_the_venv_module_the_refusal_names_the_package_to_install(environment, monkeypatch):
    environment.python.unlink()
    monkeypatch.setattr(run_py, "working_uv", lambda: None)
    monkeypatch.setattr(run_py, "find_spec", lambda name: None)

    with pytest.raises(run_py.Refusal, match="apt-get install python3-venv"):
        environment.make_ready(for_developers=False)


def test_alone_it_prints_the_commands_and_installs_nothing():
    answer = subprocess.run([sys.executable, ROOT / "run.py"], capture_output=True, text=True, check=True)

    assert "python3 run.py demo" in answer.stdout
    assert "Installing" not in answer.stdout


def test_commands_reach_the_program_that_carries_them_out():
    assert run_py.module_for(["test", "-k", "orders"]) == ["pytest", "-k", "orders"]
    assert run_py.module_for(["test"]) == [
        *("pytest", "-n", str(run_py.PROCESSORS + 2)),
        *("--dist", "loadfile", "--no-loadscope-reorder"),
    ]
    assert run_py.module_for(["bench", "imports"]) == ["tests.bench", "imports"]
    assert run_py.module_for(["up", "--port", "9000"]) == ["stoqflow_web.cli", "up", "--port", "9000"]
