"""What a graph tells of itself: its ends, its logits, the layout and range of its images."""
