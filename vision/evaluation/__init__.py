"""How good the vision is: on rendered people it never saw, and on photographs."""
