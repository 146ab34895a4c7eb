"""Who works with it: a user for each role, with the platform's own groups and no others.

Run inside `odoo shell` by ./setup/demo, after the other stories. Each logs in with the role's name,
which is the password, too; the last lines name them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[0]).parent))
from story_tools import APPROVERS, print_page

# Not every platform has it. Any other group that is missing is misspelt.
PROGRAM_READER = "spp_programs.read_program_cycle_entitlement"
# Of an auditor, who reads and writes nothing.
READ_ONLY = (
    PROGRAM_READER,
    "spp_cycle_attendance_compliance.group_attendance_reader",
    "spp_auto_update_entitlements.group_settlement_reader",
)
ROLES = {
    "manager": ("Maryam Manager", "Program Manager", ["g2p_programs.g2p_program_manager"]),
    "validator": ("Victor Validator", "Program Validator, who approves cycles", [APPROVERS]),
    "finance": ("Fatou Finance", "Finance Validator", ["g2p_programs.g2p_finance_validator"]),
    "registrar": ("Rashid Registrar", "Registrar", ["g2p_registry_base.group_g2p_registrar"]),
    "auditor": ("Amina Auditor", "Auditor, who only reads", READ_ONLY),
}

groups = "group_ids" if "group_ids" in env["res.users"]._fields else "groups_id"
print("LOGIN admin Administrator")
for login, (name, role, names) in ROLES.items():
    found = [
        env.ref(each, raise_if_not_found=each != PROGRAM_READER)
        for each in ("base.group_user", *names)
    ]
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": name,
            "login": login,
            "password": login,
            groups: [(6, 0, [group.id for group in found if group])],
        }
    )
    print(f"LOGIN {login} {role}")
env.cr.commit()
attendance = "spp_cycle_attendance_compliance"
print_page("validator", env.ref(f"{attendance}.action_attendance_verdict"), "verdicts that stand")
print_page("registrar", env.ref(f"{attendance}.action_spp_event_attendance"), "attendances")
print_page("auditor", env.ref(f"{attendance}.action_attendance_verdict"), "verdicts that stand")
print_page("registrar", env.ref("g2p_registry_group.action_groups_list"), "families")
print_page("admin", env.ref(f"{attendance}.action_attendance_source"), "attendance sources")
