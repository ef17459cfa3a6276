"""Which tests stay together when several run at once."""

import pytest
from xdist.scheduler import LoadScopeScheduling


class ByFile(LoadScopeScheduling):
    """The tests of a file run one after the other in one process, and so do all that need a browser.

    Each process that has a test with a browser starts one, and several browsers at once keep each other waiting.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None
