"""GS1 XML 3: what warehouses and logistics service providers send."""
