"""How the platform rounds numbers."""

from decimal import ROUND_HALF_UP, Decimal


def round_half_up(value: Decimal, scale: int) -> Decimal:
    """Return the value rounded to `scale` decimals, halves away from zero, as the platform stores numbers."""
    return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
