"""Pure rules and algorithms. Clock, seed and data come in as arguments."""
