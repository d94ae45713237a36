"""A release in which Ridge is in the module ridge, as before scikit-learn 0.22."""
