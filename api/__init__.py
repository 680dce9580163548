"""The faces of cutbook: command line, REST, jobs, settings."""
