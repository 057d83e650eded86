"""Derivatives without algebra, for the readings."""


def slope(function, x):
    """Return the derivative of `function` at `x` by central differences of fourth order."""
    h = 1e-5
    near, far = function(x + h) - function(x - h), function(x + 2 * h) - function(x - 2 * h)
    return (8 * near - far) / (12 * h)
