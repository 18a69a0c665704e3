"""Floor 5: what there is and whether it can be used: cards of the catalogue, and the machine's own check-up."""
