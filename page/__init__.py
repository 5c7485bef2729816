"""The three steps of the page. Each shows widgets, makes the pipeline's calls, and puts errors in place; no
algorithm lives here.
"""
