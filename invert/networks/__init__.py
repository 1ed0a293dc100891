"""The networks that ship: what lies in model_weights/, built, checked and loaded once."""
