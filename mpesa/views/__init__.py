"""The edges of the rail: where Safaricom calls us, and what an owner sees of M-Pesa."""
