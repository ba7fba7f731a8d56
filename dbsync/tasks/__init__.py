"""One function for each wish of a user; nothing here prints, and nothing knows the command line."""
