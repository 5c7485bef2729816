"""People of two families in the same hair, clothes and rooms: the scenes of the second kind."""
