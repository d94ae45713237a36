"""Formats: each is a function Report -> str."""
