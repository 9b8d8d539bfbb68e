"""Judges: models and reward models that say which of two responses is better, and panels of them.

config: what a job is. template: what a judge is asked. answers: what its answer says. questions: what is still to be
asked. running: asking it. verdicts: the preferences its answers make. reward, panels: judges that are not asked. job:
all of it in order.
"""
