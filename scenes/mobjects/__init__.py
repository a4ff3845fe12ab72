"""Nouns: what a picture is made of."""
