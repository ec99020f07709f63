"""Each fact about AWS once."""
