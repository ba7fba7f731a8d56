"""The Optimizer application's view of its database; `models.py` is written by `dbsync models`."""
