"""The fixtures that tests share."""
