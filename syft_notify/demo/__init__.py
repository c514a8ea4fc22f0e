"""What a visitor of the demo sees and presses: a page with two mailboxes on the local Google."""
