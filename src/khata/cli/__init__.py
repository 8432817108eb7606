"""The operators' door: the `khata` command."""
