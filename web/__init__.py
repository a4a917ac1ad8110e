"""What is served over HTTP: the API for programs and the pages for people."""
