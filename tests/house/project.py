"""The project as files: what the house's rules are checked on."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project: all that .gitignore does not name."""
    return tuple(sorted(_walk(ROOT)))


@cache
def texts() -> dict[str, str]:
    """Name (relative to the root) → content, of every file that is text."""
    found = {}
    for path in files():
        try:
            found[name(path)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def source_texts(*suffixes: str) -> dict[str, str]:
    """Those below src/ whose name ends in one of `suffixes`."""
    return {name: text for name, text in texts().items() if name.startswith("src/") and name.endswith(suffixes)}


@cache
def trees() -> dict[str, ast.Module]:
    """Every Python file below src/, parsed."""
    return {name: ast.parse(text, name) for name, text in source_texts(".py").items()}


@cache
def documents() -> dict[str, str]:
    """What people read: every Markdown file."""
    return {name: text for name, text in texts().items() if name.endswith(".md")}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name == ".git" or _is_ignored(path):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def _is_ignored(path: Path) -> bool:
    return any(
        name(path) == pattern.strip("/") if pattern.startswith("/") else fnmatch(path.name, pattern.rstrip("/"))
        for pattern in _ignore_patterns()
    )


@cache
def _ignore_patterns() -> tuple[str, ...]:
    return tuple((ROOT / ".gitignore").read_text().split())
