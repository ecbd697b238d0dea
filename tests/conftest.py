"""What holds for every test."""

from __future__ import annotations

import signal

# Who starts the tests in the background has them ignore SIGINT, and with them every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
