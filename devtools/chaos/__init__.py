"""A bad day on purpose: real processes that fail at seeded moments, judged by what others recorded of them."""
