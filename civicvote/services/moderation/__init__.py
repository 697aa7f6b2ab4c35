"""What moderators do about what people say: look, show, hide, bring back, and give account of it in public."""
