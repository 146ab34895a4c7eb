"""What builds and runs the project: Odoo, PostgreSQL, the platform and the two addons.

Only the standard library is used here: this runs before anything has been installed.
"""
