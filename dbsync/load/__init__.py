"""Reads schema.sql and loads it into a scratch database, one statement at a time."""
