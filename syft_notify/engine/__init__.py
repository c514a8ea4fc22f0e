"""One poll from look to delivery, and what status and test mails need of it."""
