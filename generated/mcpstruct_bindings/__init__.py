"""Typed bindings of every published MCP revision, and of all at once in `merged`.

Made by `make gen`; never edited.
"""
