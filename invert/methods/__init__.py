"""The methods: how M is learned, where it starts, and ``generate``, one call of a method."""
