"""A simulated Recall.ai: bots, recordings, transcripts, signed webhooks and both kinds of calendars.

Like its neighbours it knows nothing of the product. What Recall.ai does not document was chosen, and is named as a
guess where it is done.
"""
