"""What a model answers, worked out by hand: slowly, in plain Python, from the documents.

Written from docs/determinism.md and the formulas at the head of each part, and meant to share no
line with the library. Every number comes with whether it is exact: where only + - * / and
roundings are used, the bits must be those of the library; where the platform's exp, ln and their
kin come in, only most of the digits.
"""
