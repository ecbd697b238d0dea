"""MCP 2025-03-26: typed bindings.

Schema 2025-03-26, sha256 e720669548c8100a4282c49e580efd6ddf7f28899ea786fc8db251dbdb356131.
Made by `make gen`; never edited.
"""
