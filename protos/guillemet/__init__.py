"""Protocol of Guillemet; see guillemet.v1."""
