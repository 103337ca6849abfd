"""What the workshop asks of its rows, its queues and its machine."""
