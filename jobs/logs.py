"""How the worker and the scheduler write their log: one line per outcome, to the standard error."""

import logging


def prepare_logging() -> None:
    """Ours from INFO on; libraries only when something is wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("jobs", "stoqflow", "stoqflow_web"):
        logging.getLogger(name).setLevel(logging.INFO)
