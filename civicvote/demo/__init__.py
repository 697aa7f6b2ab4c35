"""What `civicvote demo` shows: made-up people, proposals and elections."""
