"""Where jobs run: each attempt in a process of its own, watched from outside until it is gone.

`attempts` watches (in a thread of the worker), `nursery` is the process that forks, `child` is what
a forked process does, `wire` what the two tell each other, `watch` finds what nobody works on.
"""
