"""What the rail does, one module per noun: inbound messages, payments, payment requests."""
