"""What the platform takes: time and memory beside the targets we hold ourselves to. See README.md."""
