"""CloudEvents 1.0 with canonical data."""
