"""Shape and length of input. Who may, and what the rules allow, is said elsewhere."""
