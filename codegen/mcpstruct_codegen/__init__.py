"""From an MCP JSON schema to typed bindings: load, normalise, merge, model, emit (see ARCHITECTURE.md)."""
