from odoo.tools.sql import column_exists, create_column


def pre_init_hook(env):
    prepare_columns(env.cr)


def prepare_columns(cr):
    """Create the column of the personal identifiers, empty.

    Left to itself Odoo would compute it for every partner of a national registry, one by one. No
    ID type is chosen yet: there is nothing to compute.
    """
    if not column_exists(cr, "res_partner", "personal_identifier"):
        create_column(cr, "res_partner", "personal_identifier", "varchar")
