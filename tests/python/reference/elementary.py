"""The platform's elementary functions, which may differ from the library's in the last bits.

They count how often they were called, so that whoever called them knows to be inexact.
"""

import ctypes
import math

calls = 0


def counted(function):
    def call(*arguments):
        global calls
        calls += 1
        return function(*arguments)

    return call


def without_overflow(function):
    def call(*arguments):
        try:
            return function(*arguments)
        except OverflowError:
            return math.inf

    return call


exp = counted(without_overflow(math.exp))
ln = counted(math.log)
ln_1p = counted(math.log1p)
tanh = counted(math.tanh)
erf = counted(math.erf)
power = counted(without_overflow(math.pow))


def single(value):
    """Rounded to single precision; what is too large becomes infinite."""
    return ctypes.c_float(value).value


def divide(a, b):
    """As IEEE 754 does, where Python refuses."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, math.copysign(1.0, a) * math.copysign(1.0, b))


def logistic_pair(x):
    """(logistic(-x), logistic(x))"""
    e = exp(-abs(x))
    small, large = e / (1.0 + e), 1.0 / (1.0 + e)
    return (small, large) if x >= 0.0 else (large, small)


def softmax(values):
    """exp(value - largest), divided by their sum from the first to the last."""
    largest = max(values)
    shares = [exp(value - largest) for value in values]
    total = 0.0
    for share in shares:
        total += share
    return [share / total for share in shares]
