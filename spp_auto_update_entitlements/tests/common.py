from datetime import timedelta
from uuid import uuid4

from odoo import fields
from odoo.tests import TransactionCase, new_test_user

COMMON_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "no_reset_password": True,
}


class SettlementCase(TransactionCase):
    """A cash program and factories; every factory takes what the test is about."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, **COMMON_CONTEXT))
        cls.today = fields.Date.context_today(cls.env["res.company"].with_context(tz="UTC"))
        cls.currency = cls.env.company.currency_id
        cls.registrant = cls._create_registrant("Household 1")
        cls.program = cls._create_program("Cash for School")
        cls.product = cls.env["product.product"].create({"name": "Rice"})

    @classmethod
    def _create_registrant(cls, name, **vals):
        return cls.env["res.partner"].create(dict(name=name, is_registrant=True, **vals))

    @classmethod
    def _create_program(cls, name, with_cycle_manager=True, **vals):
        program = cls.env["g2p.program"].create(dict(name=name, target_type="individual", **vals))
        if with_cycle_manager:
            manager = cls.env["g2p.cycle.manager.default"].create(
                {"name": "Default", "program_id": program.id}
            )
            wrapper = cls.env["g2p.cycle.manager"].create(
                {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
            )
            program.cycle_managers = [(4, wrapper.id)]
        return program

    @classmethod
    def _create_cycle(cls, program=None, state="distributed", ended_days_ago=1, **vals):
        """Create a cycle of 30 days; its last day was ``ended_days_ago`` days ago."""
        program = program or cls.program
        cycle = cls.env["g2p.cycle"].create(
            {
                "name": f"Cycle {uuid4()}",
                "program_id": program.id,
                "company_id": program.company_id.id,
                "start_date": cls.today,
                "end_date": cls.today + timedelta(days=30),
                "state": state,
                **vals,
            }
        )
        cls._move_end(cycle, cls.today - timedelta(days=ended_days_ago))
        return cycle

    @classmethod
    def _move_end(cls, cycle, end_date):
        # The platform refuses a start before today, whoever writes it.
        cycle.flush_recordset()
        cls.env.cr.execute(
            "UPDATE g2p_cycle SET start_date = %s, end_date = %s WHERE id = %s",
            [end_date - timedelta(days=30), end_date, cycle.id],
        )
        cycle.invalidate_recordset()

    @classmethod
    def _create_entitlement(cls, cycle, amount=100.0, state="approved", transactions=(), **vals):
        """Create a cash entitlement; ``transactions`` are pairs of type and amount."""
        entitlement = cls.env["g2p.entitlement"].create(
            {
                "partner_id": cls.registrant.id,
                "cycle_id": cycle.id,
                "company_id": cycle.company_id.id,
                "initial_amount": amount,
                "is_cash_entitlement": True,
                "state": state,
                **vals,
            }
        )
        for kind, charged in transactions:
            cls._create_transaction(entitlement, kind, charged)
        return entitlement

    @classmethod
    def _create_inkind(cls, cycle, qty=10, state="approved", transactions=(), **vals):
        """Create an in-kind entitlement; ``transactions`` are pairs of type and quantity."""
        entitlement = cls.env["g2p.entitlement.inkind"].create(
            {
                "partner_id": cls.registrant.id,
                "cycle_id": cycle.id,
                "company_id": cycle.company_id.id,
                "product_id": cls.product.id,
                "uom_id": cls.product.uom_id.id,
                "qty": qty,
                "state": state,
                **vals,
            }
        )
        for kind, quantity in transactions:
            cls._create_inkind_transaction(entitlement, kind, quantity=quantity)
        return entitlement

    @classmethod
    def _create_transaction(cls, entitlement, kind, amount, **vals):
        return cls.env["spp.entitlement.transactions"].create(
            cls._prepare_transaction(
                entitlement, kind, amount_charged_by_service_point=amount, **vals
            )
        )

    @classmethod
    def _create_inkind_transaction(cls, entitlement, kind, **vals):
        return cls.env["spp.inkind.entitlement.transactions"].create(
            cls._prepare_transaction(entitlement, kind, **vals)
        )

    @classmethod
    def _prepare_transaction(cls, entitlement, kind, **vals):
        return {
            "entitlement_id": entitlement.id,
            "transaction_type": kind,
            "transaction_uuid": str(uuid4()),
            "timestamp_transaction_created": fields.Datetime.now(),
            "user_id": cls.env.uid,
            "currency_id": cls.currency.id,
            **vals,
        }

    @classmethod
    def _create_user(cls, login, groups, **vals):
        return new_test_user(cls.env, login, groups=f"base.group_user,{groups}", **vals)
