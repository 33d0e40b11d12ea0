"""Shell-style patterns of names."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from mlvitals.core.settings import Settings


class Patterns(Settings):
    """Shell-style patterns: what matches one of `include` and none of `exclude` is kept."""

    include: tuple[str, ...] = Field(("*",), description="patterns of names that are kept")
    exclude: tuple[str, ...] = Field((), description="patterns of names that are not kept, whatever `include` says")

    def matches(self, name: str) -> bool:
        """True when the name is kept; case counts."""
        return matches(name, self.include) and not matches(name, self.exclude)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """True when one of the shell-style patterns matches the whole name; case counts."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
