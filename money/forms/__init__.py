"""What the books' pages send, read once; every refusal is a sentence for who typed it."""
