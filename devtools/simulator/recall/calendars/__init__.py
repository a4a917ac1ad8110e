"""Both kinds of calendars of Recall.ai: V2, which only reads, and V1, which decides by itself."""
