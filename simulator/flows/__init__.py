"""What happens in a retailer, one module a flow: the ordinary, the faults in it, and what systems say of it."""
