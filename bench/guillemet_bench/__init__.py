"""How much a server answers, how fast, and what becomes of it under more load than it can bear: `guillemet bench`."""
