"""`studioctl ui`: a page on loopback that shows environments and does what the commands do, by the same operations."""
