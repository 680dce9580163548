"""Turn selection criteria and a dataset profile into code, run it sandboxed, and validate the result."""
