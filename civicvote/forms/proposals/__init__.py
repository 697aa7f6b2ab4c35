"""What the forms and addresses of citizens' proposals carry, and in which shape."""
