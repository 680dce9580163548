"""The command line. Its modules import what they need inside the commands, so that light ones answer at once."""
