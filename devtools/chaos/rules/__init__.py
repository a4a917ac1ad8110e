"""What may never happen, one function each: from the evidence to the breaches."""
