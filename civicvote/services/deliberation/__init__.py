"""공론장: forums, their rounds, and what comes of them."""
