"""Policies compared by people: who is preferred to whom, and which way to train on one mix is worth its cost."""
