"""This machine's side of a session: ssh and its configuration, Session Manager's plugin, the editors, the browser."""
