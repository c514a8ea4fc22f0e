"""The border to Google: the only folder that imports its libraries."""
