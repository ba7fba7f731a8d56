"""Frozen records that the stages hand on; no input or output happens here."""
