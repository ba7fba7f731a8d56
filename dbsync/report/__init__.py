"""One self-contained HTML page that tells a person everything about a schema, and about the plan that is pending."""
