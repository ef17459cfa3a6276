"""Whether an address leads no further than this machine, so that nothing on the way can read along."""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """`localhost` and the loopback addresses. stoqflow_web/bol/ has its own: it stands alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
