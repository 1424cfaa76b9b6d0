"""Fitted estimators of scikit-learn: described by their fitted attributes, never by a pickle."""

from .description import Description
from .walk import NotSupported

__all__ = ["Description", "NotSupported"]
