STATE_DRAFT = "draft"
STATE_TO_APPROVE = "to_approve"
STATE_APPROVED = "approved"
STATE_DISTRIBUTED = "distributed"
STATE_ENDED = "ended"
STATE_CANCELLED = "cancelled"

MANAGER_ELIGIBILITY = 1
MANAGER_CYCLE = 2
MANAGER_PROGRAM = 3
MANAGER_ENTITLEMENT = 4
MANAGER_DEDUPLICATION = 5
MANAGER_NOTIFICATION = 6
MANAGER_PAYMENT = 7

# What a new program gets by itself: {field: {wrapper: manager}}. No cycle manager, no
# entitlement manager. Deduplication and notification are not part of the stand-in.
MANAGER_MODELS = {
    "program_managers": {"g2p.program.manager": "g2p.program.manager.default"},
    "payment_managers": {"g2p.program.payment.manager": "g2p.program.payment.manager.default"},
}
