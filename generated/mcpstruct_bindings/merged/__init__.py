"""every MCP revision at once: typed bindings.

From the schemas of 2024-11-05 to 2026-07-28.
Made by `make gen`; never edited.
"""
