"""What an architect may do with a contract's versions: pure rules, given the contract as it was read."""
