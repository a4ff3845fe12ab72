"""Verbs: how what a picture shows changes."""
