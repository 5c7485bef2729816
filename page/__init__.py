"""The three steps of the page: widgets, calls of the pipeline, error messages. No algorithms."""
