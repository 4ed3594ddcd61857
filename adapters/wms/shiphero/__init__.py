"""ShipHero webhooks."""
