"""Workspaces: what Evidently computed elsewhere, read from its snapshots, and our own runs written as such."""
