"""How each system writes: values in, bytes out."""
