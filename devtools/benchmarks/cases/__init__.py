"""One module for each row; `measure` in it does the work and returns what was found."""
