"""What can be computed about a trained network, for pictures and on its own."""
