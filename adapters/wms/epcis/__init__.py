"""EPCIS events: 2.0 in JSON-LD and XML, 1.2 in XML."""
