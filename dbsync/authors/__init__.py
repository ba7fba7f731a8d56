"""Changes → steps: who writes the SQL of a plan."""
