"""Examples of uses of activax."""
