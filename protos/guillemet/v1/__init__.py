"""The wire contract, generated from quotation.proto by protos/generate.py."""
