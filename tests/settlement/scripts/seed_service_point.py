"""A service point, and a cycle that is over with entitlements to 100 in cash or 10 kg of rice.

Run inside `odoo shell`, with the kinds of the entitlements; prints as JSON what a service point
knows.
"""

import json
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from odoo.tests import new_test_user

sys.path.append(str(Path(sys.argv[0]).parent))

from past_cycle import create_past_cycle

HAS_REST_API = "spp_api.namespace" in env
LOGIN = "service-point"


def create_user():
    """One who may send transactions, and neither read them nor anything else of a program."""
    user = new_test_user(env, LOGIN, groups="base.group_user", password=LOGIN)
    group = env["res.groups"].create({"name": "Service points"})
    for model in ("spp.entitlement.transactions", "spp.inkind.entitlement.transactions"):
        model_id = env["ir.model"]._get(model).id
        env["ir.model.access"].create(
            {"name": model, "model_id": model_id, "group_id": group.id, "perm_create": True}
        )
    groups = "groups_id" if "groups_id" in user._fields else "group_ids"
    user[groups] |= group
    if HAS_REST_API:
        user[groups] |= env.ref("spp_api.group_user")
    return user


def get_token(user):
    """Return the token that the platform makes for a user; its key is made here."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    Path(os.environ["SPP_OAUTH_RSA_PRIV_KEY_PATH"]).write_bytes(private)
    Path(os.environ["SPP_OAUTH_RSA_PUB_KEY_PATH"]).write_bytes(public)
    shown = user.action_view_bearer_token()
    return env[shown["res_model"]].browse(shown["res_id"]).calculated_token


def create_entitlement(model, vals):
    common = {"partner_id": env.company.partner_id.id, "cycle_id": cycle.id, "state": "approved"}
    return env[model].create({**common, **vals}).id


def create_service_point():
    """Make what transactions say they come from, where the platform has such a thing."""
    if "spp.service.point" not in env:
        return {}
    return {"service_point_id": env["spp.service.point"].create({"name": "Shop"}).id}


cycle, user = create_past_cycle(env), create_user()
rice = {
    "product_id": env["product.product"].create({"name": "Rice"}).id,
    "uom_id": env.ref("uom.product_uom_kgm").id,
}
granted = {
    "cash": ("g2p.entitlement", {"initial_amount": 100}),
    "goods": ("g2p.entitlement.inkind", {"qty": 10, **rice}),
}
known = {
    "users": {
        "service_point": (user.id, LOGIN),
        "administrator": (env.ref("base.user_admin").id, "admin"),
    },
    "token": HAS_REST_API and get_token(user),
    "cron_id": env.ref("spp_auto_update_entitlements.cron_settle_cycles").id,
    "entitlements": [(kind, create_entitlement(*granted[kind])) for kind in sys.argv[1:]],
    "sent": {
        "user_id": user.id,
        **create_service_point(),
        "currency_id": env.company.currency_id.id,
        "timestamp_transaction_created": f"{cycle.start_date} 12:00:00",
    },
    "sent_with_goods": rice,
}
env.cr.commit()
print(f"known:{json.dumps(known)}")
