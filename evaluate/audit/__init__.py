"""The circular-bias audit: whether a judge favours its own kind beyond what people prefer."""
