"""ShipBob warehouse receiving orders and their boxes."""
