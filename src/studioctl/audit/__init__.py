"""Finds security problems as a reviewer would: in the file, in the planned resources, and in the account."""
