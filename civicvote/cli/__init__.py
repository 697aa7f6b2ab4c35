"""Commands of operators, researchers and developers."""
