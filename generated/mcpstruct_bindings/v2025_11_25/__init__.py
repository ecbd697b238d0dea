"""MCP 2025-11-25: typed bindings.

Schema 2025-11-25, sha256 268a5f82ba70fd7e4b6dc4aa1e64f116f74b4d0edcb69dc046829c79dd4e97e7.
Made by `make gen`; never edited.
"""
