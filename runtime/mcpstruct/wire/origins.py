"""Stand-in until the real one lands."""
from collections.abc import Sequence


class AllowedHosts:
    """Allow-lists."""

    def __init__(self, hosts: Sequence[str] | None, origins: Sequence[str] | None) -> None:
        pass

    def host_allowed(self, value: str) -> bool:
        """Whether a Host is allowed."""
        return True

    def origin_allowed(self, value: str) -> bool:
        """Whether an Origin is allowed."""
        return True
