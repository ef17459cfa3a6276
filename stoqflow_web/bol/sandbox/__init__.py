"""A pretend bol.com: a WSGI application that behaves as the Retailer API does, with a world one can steer.

It shares no code with the client beside it; otherwise both would be wrong together.
"""

from stoqflow_web.bol.sandbox.app import Sandbox, make_sandbox
from stoqflow_web.bol.sandbox.faults import ConnectionCut
from stoqflow_web.bol.sandbox.options import SandboxOptions
from stoqflow_web.bol.sandbox.serve import RunningSandbox, start_sandbox
from stoqflow_web.bol.sandbox.world import World

__all__ = ["ConnectionCut", "RunningSandbox", "Sandbox", "SandboxOptions", "World", "make_sandbox", "start_sandbox"]
