"""uvicorn's own HTTP, over h11: where there is no httptools."""

from __future__ import annotations

from uvicorn.protocols.http.h11_impl import H11Protocol


class H11Connection(H11Protocol):
    """One connection of a client; it ends by itself when no further request comes."""

    @property
    def waits(self) -> tuple[bool, int, int] | None:
        """See `Http1Connection`."""
        last = self.cycle
        idle = self.timeout_keep_alive_task is not None and not last.more_body
        answering = last is not None and not last.response_complete  # pyright: ignore[reportUnnecessaryComparison]
        return None if idle or answering else (True, 0, 0)
