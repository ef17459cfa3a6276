"""Changing the key of the secrets never locks out a Stoqflow that runs."""

import pytest
from click.testing import CliRunner

from stoqflow_web import up_lock
from stoqflow_web.cli import main
from stoqflow_web.demo import REAL_SETTINGS
from stoqflow_web.settings import read_settings


@pytest.fixture
def keys(monkeypatch, tmp_path, migrated_sqlite):
    """keys("rotate"): the outcome of the command, in an installation of its own."""
    for name in REAL_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOQFLOW_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "stoqflow.db").write_bytes(migrated_sqlite.read_bytes())
    return lambda verb: CliRunner().invoke(main, ["keys", verb])


def test_keys_are_not_rotated_under_a_stoqflow_that_lacks_the_newest(keys):
    with up_lock.hold(read_settings(), "http://127.0.0.1:8000"):
        keys("new")
        outcome = keys("rotate")
        assert outcome.exit_code == 1
        assert "Restart Stoqflow first, then run keys rotate." in outcome.output
    with up_lock.hold(read_settings(), "http://127.0.0.1:8000"):
        outcome = keys("rotate")
        assert (outcome.exit_code, "encrypted with the newest key" in outcome.output) == (0, True)


def test_keys_are_rotated_while_nothing_runs(keys):
    with up_lock.hold(read_settings(), "http://127.0.0.1:8000"):
        pass
    keys("new")
    assert keys("rotate").exit_code == 0


def test_a_key_given_by_a_setting_is_compared_too(keys, monkeypatch):
    with up_lock.hold(read_settings(), "http://127.0.0.1:8000"):
        monkeypatch.setenv("STOQFLOW_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        assert "Restart Stoqflow first" in keys("rotate").output


def test_a_second_one_learns_where_the_first_is(keys):
    settings = read_settings()
    with up_lock.hold(settings, "http://127.0.0.1:8000"), pytest.raises(up_lock.AlreadyRuns) as refusal:
        up_lock.hold(settings, "http://127.0.0.1:9000")
    assert str(refusal.value) == "http://127.0.0.1:8000"
