from collections.abc import Iterator

import pytest

from stoqflow_web.settings import Settings
from tests.support.programs import Programs


@pytest.fixture
def programs(settings: Settings) -> Iterator[Programs]:
    """Starts real workers and schedulers; they end with the test."""
    with Programs(settings) as programs:
        yield programs
