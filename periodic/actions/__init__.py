"""What the workshop writes: mails about facts of lower floors, and jobs."""
