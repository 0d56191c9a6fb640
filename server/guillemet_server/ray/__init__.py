"""Past one machine, on Ray: the service on Ray Serve, corpora on Ray Data. docs/operations.md explains both."""
