"""Many rows as the ORM would have left them: a few are made through it, and copied in SQL.

So a column that an addon adds is filled in the copies as it is in the originals.
"""


def copy_rows(env, table, original_ids, count, changes, key="id", pick=None):
    """Insert the copies number 1 to ``count`` of rows that were made through the ORM.

    :param changes: by column, an SQL expression of ``n``, the number of the copy, and ``original``,
        the row that is copied; columns that the table lacks are left out
    :param key: copied for ``n`` is each row in which this column holds the id that is picked
    :param pick: an SQL expression of ``n``: which of ``original_ids``, from 1 on; one after the
        other by default
    :return: where ``key`` is the id: a number; the copy number n has the id of it + n
    """
    env.flush_all()
    values = {name: f'original."{name}"' for name in get_columns(env, table) - {"id"}}
    values.update({name: value for name, value in changes.items() if name in values})
    base = _reserve_ids(env, table, count) if key == "id" else None
    if base is not None:
        values["id"] = f"{base} + n"
    env.cr.execute(
        f"""
            INSERT INTO {table} ({", ".join(f'"{name}"' for name in values)})
            SELECT {", ".join(values.values())}
            FROM generate_series(1, {count}) n
            JOIN {table} original
                ON original.{key} = ('{{{",".join(map(str, original_ids))}}}'::integer[])
                    [{pick or f"1 + n % {len(original_ids)}"}]
            ORDER BY n
        """
    )
    return base


def seed_registrants(env, size, is_group=True, changes=None):
    """Create registrants; return a number: the id of number n, from 1 on, is it + n.

    :param changes: by column, an SQL expression of ``n``
    """
    kind = "Household" if is_group else "Person"
    original = env["res.partner"].create(
        {"name": kind, "is_registrant": True, "is_group": is_group}
    )
    env.flush_all()
    # Their order by name is not the order of their ids.
    name = f"'{kind} ' || lpad((n::bigint * 7919 % 1000003)::text, 7, '0')"
    changes = {"name": name, "complete_name": name, **(changes or {})}
    base = copy_rows(env, "res_partner", original.ids, size, changes)
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE id > %s AND"
        " commercial_partner_id = %s",
        [base, original.id],
    )
    return base


def add_entitlement_manager(program):
    """Give a program what the platform's own screens ask for."""
    manager = program.env["g2p.program.entitlement.manager.default"].create(
        {"name": "Default", "program_id": program.id}
    )
    program.entitlement_managers = program.env["g2p.program.entitlement.manager"].create(
        {"program_id": program.id, "manager_ref_id": f"{manager._name},{manager.id}"}
    )


def get_columns(env, table):
    """Return the names of the columns that a table has."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s",
        [table],
    )
    return {row[0] for row in env.cr.fetchall()}


def _reserve_ids(env, table, count):
    sequence = f"pg_get_serial_sequence('{table}', 'id')"
    env.cr.execute(f"SELECT nextval({sequence})")
    base = env.cr.fetchone()[0]
    env.cr.execute(f"SELECT setval({sequence}, %s)", [base + count])
    return base
