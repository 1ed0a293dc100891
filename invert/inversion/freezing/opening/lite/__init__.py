"""LiteRT models (``.tflite``), rebuilt as graphs of TensorFlow."""
