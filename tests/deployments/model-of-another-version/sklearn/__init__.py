"""Stands for scikit-learn: a release whose linear_model has no module _ridge."""
