"""MCP 2024-11-05: typed bindings.

Schema 2024-11-05, sha256 61cea2392d4f284092d09bc84b9ac488c0d5618ac2b38a56942fc5b99fd960ce.
Made by `make gen`; never edited.
"""
