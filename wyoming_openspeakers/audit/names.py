"""What names in a module stand for: `t.load` is `torch.load` after `import torch as t`."""

from __future__ import annotations

import ast


class Names(ast.NodeVisitor):
    """The imports of a module, wherever in it they are."""

    def __init__(self, tree: ast.AST) -> None:
        self._known: dict[str, str] = {}
        self.visit(tree)

    def visit_Import(self, node: ast.Import) -> None:
        """Note `import a.b` and `import a.b as c`."""
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self._known[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Note `from a import b`; what is relative is the package's own."""
        for alias in node.names:
            self._known[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"

    def of(self, node: ast.AST) -> str:
        """The full name of a name or an attribute; empty for what has none."""
        if isinstance(node, ast.Name):
            return self._known.get(node.id, node.id if node.id in ("__file__", "eval", "exec") else "")
        if isinstance(node, ast.Attribute):
            base = self.of(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""
