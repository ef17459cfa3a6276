"""Signing in."""


def test_a_manager_signs_in_and_arrives_at_the_page_they_wanted(signed_in):
    page = signed_in("manager").get("/users")
    assert page.status == 200
    assert page.heading == "Users"
