"""What runs for long, and what looks after it: the daemon and the doctor."""
