"""What the doctor finds, and that it only looks."""

import pytest
from click.testing import CliRunner

from stoqflow_web.cli import main
from stoqflow_web.demo import DEMO_FILE, REAL_SETTINGS
from stoqflow_web.settings import read_settings


@pytest.fixture
def ask_doctor(monkeypatch, tmp_path):
    """ask_doctor("--data", folder): what it prints, in a folder where nothing was ever started."""
    for name in (*REAL_SETTINGS, "STOQFLOW_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["doctor", *map(str, arguments)])


def line_about(subject, answer):
    (line,) = [line for line in answer.output.splitlines() if line[7:].startswith(subject)]
    return line


def test_the_doctor_makes_nothing_where_nothing_is(ask_doctor, tmp_path):
    answer = ask_doctor()
    assert answer.exit_code == 1
    for subject in ("data folder", "session.key", "secrets.key", "database"):
        assert line_about(subject, answer).startswith("WRONG")
        assert "not there" in line_about(subject, answer)
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_makes_nothing_in_an_empty_folder(ask_doctor, tmp_path):
    (tmp_path / "empty").mkdir()
    answer = ask_doctor("--data", tmp_path / "empty")
    assert line_about("data folder", answer).startswith("ok")
    assert list((tmp_path / "empty").iterdir()) == []


def test_the_doctor_looks_where_it_is_told(ask_doctor, tmp_path, migrated_sqlite):
    folder = tmp_path / "elsewhere"
    read_settings({}, data=folder)
    (folder / "stoqflow.db").write_bytes(migrated_sqlite.read_bytes())
    answer = ask_doctor("--data", folder)
    for subject in ("data folder", "session.key", "secrets.key", "database"):
        assert line_about(subject, answer).startswith("ok"), answer.output
    assert "newest migration" in line_about("database", answer)


def test_the_doctor_of_a_demo_looks_at_the_demos_database(ask_doctor, tmp_path, monkeypatch):
    read_settings({}, data=tmp_path / "demo")
    (tmp_path / "demo" / DEMO_FILE).write_text("{}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/the-real-one")
    answer = ask_doctor("--data", tmp_path / "demo")
    assert "sqlite, not there" in line_about("database", answer)
    assert "api.bol.com" not in answer.output
