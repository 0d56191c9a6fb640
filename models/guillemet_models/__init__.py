"""Text in, Document out: quotations of French texts and whom they are attributed to."""
