"""The `khata worker` process: dispatch to carriers, receipts, sweeps, background jobs."""
