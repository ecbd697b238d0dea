"""MCP 2025-06-18: typed bindings.

Schema 2025-06-18, sha256 af845e7e5b9d27107d1690f0936022546177a1403e63ffb11470135b296a2e01.
Made by `make gen`; never edited.
"""
