"""What can be seen of a running server: metrics, traces, and the id under which its log knows a request."""
