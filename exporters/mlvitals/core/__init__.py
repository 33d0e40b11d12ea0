"""What every exporter has for nothing: metrics, runner, pages, server, outgoing HTTP."""
