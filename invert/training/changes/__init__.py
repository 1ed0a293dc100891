"""What becomes of training images: attacks, other hands, outliers."""
