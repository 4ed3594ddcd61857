"""One folder a system, one module a vendor format: native bytes in, facts and exceptions out."""
