"""What a rolling restart loses."""
