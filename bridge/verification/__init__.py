"""`hatif verify URL`: whether a deployed server does, from outside, what it promises."""
