"""What happens in a retailer, a module a flow: the ordinary, its faults, and what systems say."""
