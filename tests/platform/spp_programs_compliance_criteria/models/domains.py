def as_one(domain):
    """Write the ``&`` that a list of conditions leaves out, so that it can be an operand."""
    missing, explicit = 1, []
    for term in domain:
        if not missing:
            explicit.insert(0, "&")
            missing = 1
        explicit.append(term)
        missing += {"&": 1, "|": 1, "!": 0}[term] if isinstance(term, str) else -1
    return explicit or [(1, "=", 1)]


def any_of(domains):
    """Return the domain that one of the domains suffices for; without any, nothing does."""
    if not domains:
        return [(0, "=", 1)]
    return ["|"] * (len(domains) - 1) + [term for domain in domains for term in as_one(domain)]


def both(first, second):
    return ["&", *as_one(first), *as_one(second)]
