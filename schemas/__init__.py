"""The contracts: Avro records, wire codec, topics, ClickHouse tables, AsyncAPI. Imports nothing above it."""
