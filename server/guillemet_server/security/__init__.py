"""Who may call, over what connection, and how much: certificates, tokens, quotas. docs/security.md says against what."""
