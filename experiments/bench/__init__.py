"""How fast the recurrent layer is, and the models around it, beside Keras, torch and JAX."""
