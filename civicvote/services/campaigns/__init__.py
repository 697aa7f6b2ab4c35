"""실천캠페인: what people do themselves about an accepted proposal, and show."""
