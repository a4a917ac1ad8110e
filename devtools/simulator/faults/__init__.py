"""Faults on order: who asks for one by seed or by script gets it, and the ledger says whom it struck."""
