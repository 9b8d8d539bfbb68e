"""Talking to language models through the OpenAI-compatible protocol: hosted, served, or embedded and started on demand.

config: what an endpoint is. client: opening one and asking it. calls: asking it many things, within a budget.
"""
