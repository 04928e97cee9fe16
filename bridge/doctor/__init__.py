"""`hatif doctor`: looks at a deployment as a whole, and says of whatever is wrong what to do next.

Each module looks at one side of it, with one small function for each thing; nothing is changed. What `hatif
check` looks at belongs to it (`bridge.checkup`).
"""
