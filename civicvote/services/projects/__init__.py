"""Budget projects: writing, reading, talking about them, and moving them on."""
