"""The fence of the operating system around a private server: what it may open, execute, connect to and use up."""
