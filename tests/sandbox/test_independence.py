import ast
import sys
from pathlib import Path

import stoqflow_web.bol.sandbox as sandbox

ALLOWED = {"stoqflow_web.bol.sandbox", "msgspec", "werkzeug", "cryptography", "_typeshed"}


def test_the_pretend_bol_shares_no_code_with_the_client() -> None:
    foreign = {
        f"{file.name}: {name}"
        for file in Path(sandbox.__file__).parent.glob("*.py")
        for name in _imported(file)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED)
    }
    assert foreign == set()


def _imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
