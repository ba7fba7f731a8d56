"""Where scratch databases come from: private servers of ours, a server by URL, a database beside live."""
