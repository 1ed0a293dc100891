"""What the page knows of its visitor: state, settings, the network, the link."""
