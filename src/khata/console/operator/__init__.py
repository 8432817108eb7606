"""The operator's pages: the whole installation, for whoever runs it."""
