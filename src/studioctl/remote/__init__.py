"""This machine's side of a remote session: ssh and its configuration, Session Manager's plugin, the editors."""
