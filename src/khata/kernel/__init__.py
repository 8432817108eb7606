"""The words every room uses: credits, money, ids, time, pages, kinds of errors."""
