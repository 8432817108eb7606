"""The views of the operator's pages, one file a subject."""
