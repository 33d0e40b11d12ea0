"""The whole stack on one machine, without Docker: real servers for `make demo` and for tests."""
