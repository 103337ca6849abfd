"""What the ground floor does: post, correct, close, lock, and open books."""
