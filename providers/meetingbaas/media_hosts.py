"""Where Meeting BaaS keeps recordings."""

MEDIA_HOSTS = (
    "s3.amazonaws.com",
    "s3.*.amazonaws.com",
    "*.s3.amazonaws.com",
    "*.s3.*.amazonaws.com",
    "s3.*.scw.cloud",
    "*.s3.*.scw.cloud",
)
"""Buckets of Amazon and Scaleway: its links have named Paris at both, but no document promises a region."""
