"""The compact generator: an autoencoder of films and a flow in its latents, conditioned on text and findings."""
