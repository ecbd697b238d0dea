"""The floor that generated code stands on. Nothing here does IO; nothing here knows a revision."""
