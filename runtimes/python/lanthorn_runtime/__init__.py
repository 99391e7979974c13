"""Runs a Python handler, speaking the lean protocol with the environment.

    loop     the life of the process: initialise, then event after event
    link     frames over the inherited socket; drawn in the environment's `lean` module
    handler  from `a/b.c` to a function; the search path
    context  what the handler gets beside its event
    errors   exceptions as AWS tells them: a payload for the caller, an event for the log
    logs     the root logger, and events of several lines

Compatible with Python 3.8. Imports are few and late: each costs every cold start.
"""
