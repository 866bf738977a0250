"""The compact generator: components of films, their decoder, and a flow that text and findings steer."""
