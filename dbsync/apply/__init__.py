"""Runs a plan on live: one apply at a time, gated, timed, retried and recorded."""
