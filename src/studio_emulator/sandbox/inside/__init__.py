"""Programs that are copied into the room and run there. They import only the standard library and each other."""
