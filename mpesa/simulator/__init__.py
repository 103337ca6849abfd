"""A simulated M-Pesa: Safaricom's Daraja gateway and the customers' phones, in one process.

It shares no code with the product's own client or parser, so that a wrong belief about Daraja
cannot hide by being held on both sides. All state lives in memory, in one `World`.
"""
