"""dbsync makes a PostgreSQL database what its schema file says."""

__version__ = "0.1.0"
