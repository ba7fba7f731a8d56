"""Declared rows: seeds.sql → the rows that should be there; these against a database → what is to be written."""
