"""Tax documents as people hold them: the PDF, typeset by typst, and the accountant's register as CSV."""
