"""POSLog XML (ARTS IXRetail, OMG POSLog)."""
