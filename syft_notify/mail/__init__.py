"""From a notification to the text of a mail."""
