"""Why a classifier answers as it does, what its layers compute, and what it cannot see."""
