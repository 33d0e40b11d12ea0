"""What takes too long for the tests: endurance, load, and sudden death."""
