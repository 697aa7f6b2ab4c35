"""Every rule a second time, from its definition: fractions, dictionaries and patience. Shares nothing with the product."""
