"""How good a network is: accuracy on held-out images."""
