"""`user add` judges each answer where it is given."""

import pytest
from click.testing import CliRunner

from stoqflow_web.cli import main
from stoqflow_web.demo import REAL_SETTINGS

PASSWORD = "correct horse battery"


@pytest.fixture
def add_user(monkeypatch, tmp_path, migrated_sqlite):
    """add_user(answers…, options=[…]): the outcome of the command when a person types the answers."""
    for name in REAL_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOQFLOW_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "stoqflow.db").write_bytes(migrated_sqlite.read_bytes())

    def add(*answers, options=()):
        return CliRunner().invoke(main, ["user", "add", *options], input="\n".join(answers) + "\n")

    return add


def test_a_wrong_answer_is_refused_at_once_and_asked_again(add_user):
    outcome = add_user("nonsense", "sam@example.com", " ", "Sam", "boss", "staff", "short", PASSWORD, PASSWORD)
    assert outcome.exit_code == 0, outcome.output
    asked = [line.partition(":")[0] for line in outcome.output.splitlines()]
    assert asked[:3] == ["E-mail address", "Error", "E-mail address"]
    for sentence in ("This is not an e-mail address.", "Enter a name.", "Use at least 10 characters."):
        assert outcome.output.count(sentence) == 1
    assert "sam@example.com may sign in now, as staff." in outcome.output


def test_an_address_that_is_taken_is_refused_before_anything_else_is_asked(add_user):
    add_user("sam@example.com", "Sam", "staff", PASSWORD, PASSWORD)
    outcome = add_user("Sam@Example.com", "sue@example.com", "Sue", "staff", PASSWORD, PASSWORD)
    refused = outcome.output.index("Somebody with this e-mail address is here already.")
    assert refused < outcome.output.index("Name")
    assert "sue@example.com may sign in now" in outcome.output


def test_an_option_is_judged_as_an_answer_is(add_user):
    outcome = add_user(options=["--email", "nonsense", "--name", "Sam", "--role", "staff", "--password-stdin"])
    assert outcome.exit_code == 2
    assert "This is not an e-mail address." in outcome.output


def test_without_a_database_one_is_told_where_to_look(add_user, tmp_path):
    (tmp_path / "data" / "stoqflow.db").unlink()
    outcome = add_user("sam@example.com")
    assert outcome.exit_code == 1
    assert "python3 run.py doctor" in outcome.output
