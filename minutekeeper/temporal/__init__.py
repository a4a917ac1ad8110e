"""What more than one process needs of Temporal: how workflows are named, started, found and described."""
