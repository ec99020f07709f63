"""What a security reviewer would find: in the file, in what would be made of it, and in the account."""
