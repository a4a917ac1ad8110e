"""The library that all processes of Minutekeeper share."""

__version__ = "0.1.0"
"""The release: what `minutekeeper --version` prints, and the build id of workers in every history."""
