"""From raw text to an encoder, from annotated articles to a model, from a model to a folder that serves."""
