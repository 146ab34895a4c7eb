from . import entitlement_rejection
