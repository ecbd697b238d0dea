"""Rules of the wire, free of IO: bytes and values in, verdicts out."""
