"""One verb, one function: takes values, yields events or returns a result, never prints or exits."""
