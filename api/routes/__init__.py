"""The routes of the REST server, one module per noun."""
