"""What the rows are compared with, on the same server: the plain way of doing the same."""
