"""What the commands do; how they are called is declared in `starter.app`."""
