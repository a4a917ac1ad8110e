"""A bad day on purpose: real processes, struck at seeded moments, judged by what others saw of them."""
