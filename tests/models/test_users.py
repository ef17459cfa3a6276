"""The rules of users, without a database."""

from stoqflow_web.models import User


def test_a_session_belongs_to_a_user_and_an_epoch():
    assert User(id=7, session_epoch=3).get_id() == "7.3"


def test_only_the_role_manager_is_a_manager():
    assert User(role="manager").is_manager
    assert not User(role="staff").is_manager


def test_a_suspended_user_is_not_active():
    assert not User(is_enabled=False).is_active
