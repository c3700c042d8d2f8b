"""Text made safe: secrets masked, Markdown sanitised, formulas and markup escaped."""
