"""What finished registered runs leave in the repository: their numbers, and the page made of them."""
