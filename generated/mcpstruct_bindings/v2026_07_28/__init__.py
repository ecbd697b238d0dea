"""MCP 2026-07-28: typed bindings.

Schema 2026-07-28, sha256 ef70b61f99b6d2e5e3b46863822eab08dff6a45bedc7a08914e0e5b133f40203.
Made by `make gen`; never edited.
"""
