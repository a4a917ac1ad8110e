"""Events that leave Minutekeeper by webhook: what they say, to which endpoints they go, and when they are tried."""
