"""From live and the files to a proven plan: the pipeline, and each of its judgements in a module."""
