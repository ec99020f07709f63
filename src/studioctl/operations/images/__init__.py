"""Images of containers: pushing, listing and attaching them."""
