"""What a request brings: its body, its query, its files."""
