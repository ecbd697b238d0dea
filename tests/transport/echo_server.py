"""Sends back every line that it gets; knows nothing of mcpstruct."""

import os

while True:
    data = os.read(0, 65536)
    if not data:
        break
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]
