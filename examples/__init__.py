"""Examples of what activax is for."""
