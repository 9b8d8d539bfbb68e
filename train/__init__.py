"""Mix preferences into a training set, and train reward and DPO models on it."""
