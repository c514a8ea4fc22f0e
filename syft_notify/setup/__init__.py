"""Setting up: a conversation that ends with a config, two tokens and a test mail; every face leads the same one."""
