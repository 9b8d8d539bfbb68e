"""Measure agreement between annotators, and trained models against people."""

if __name__ == "evaluate":
    raise ModuleNotFoundError("import firsthand.evaluate; this folder is not Hugging Face's evaluate library")
