"""What the share of synthetic labels does to the model: ratios, seeds and arms, and what they say."""
