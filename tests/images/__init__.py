"""The images that tests probe: their definitions, what amlcheck must say of each, and the builder."""
