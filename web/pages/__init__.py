"""The pages for people: rendered by the server, and kept up to date by one stream a page."""
