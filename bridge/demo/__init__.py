"""`hatif demo`: one whole call through the real daemon, in front of the newcomer's eyes.

Nothing in between is faked but the far end of the wire. `bridge.demo.story.run_demo` is the way in.
"""
