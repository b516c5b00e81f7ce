"""The currencies that an org may have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency of a multi-currency org: what one unit of the corporate currency buys, and its decimals."""

    iso_code: str
    rate: str = "1"
    decimals: int = 2
    active: bool = True


CURRENCIES = (Currency("USD"), Currency("EUR", "0.92"), Currency("GBP", "0.79"), Currency("JPY", "149.5", decimals=0))
"""What an org has where its settings do not say."""
