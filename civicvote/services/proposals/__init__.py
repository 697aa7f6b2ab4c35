"""시민제안: writing, endorsing, triage, answers, and what the city then does."""
