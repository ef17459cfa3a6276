"""What RQ calls for imports."""

from stoqflow_web.services import imports


def carry_on(run_id: int) -> None:
    """Go on with an import run."""
    imports.carry_on(run_id)
