"""With STOQFLOW_NO_SKIPS=1 (in CI) a skipped test is a failed one, while collecting as well as while running."""

import os
from typing import Any

import pytest

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    return _no_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    return _no_skips((yield))


def _no_skips(report: Any) -> Any:
    if os.environ.get("STOQFLOW_NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"Nothing may be skipped here (STOQFLOW_NO_SKIPS). {why}"
    return report
