"""The domain: pure functions over small state. No Kafka, no wall clock, no I/O, no undetermined randomness."""
