"""Talks to PostgreSQL: targets, connections, versions, failures, what a server is."""
