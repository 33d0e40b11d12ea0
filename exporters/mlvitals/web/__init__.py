"""What mlvitals answers over HTTP."""
