import logging
from base64 import b64encode

from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Keep files that were brought in with their intakes, where only readers of IDs read them.

    As attachments they could be read by whoever reads the intake. One that the filestore does not
    have stays an attachment.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    files = [("res_model", "=", "spp.attendance.intake"), ("res_field", "=", "file")]
    # One by one: read together, they may take more memory than there is.
    for attachment_id in env["ir.attachment"].search(files).ids:
        attachment = env["ir.attachment"].browse(attachment_id)
        if not attachment.raw:
            _logger.warning("The file of attendance intake %s is missing.", attachment.res_id)
            continue
        cr.execute(
            "UPDATE spp_attendance_intake SET file = %s WHERE id = %s",
            [b64encode(attachment.raw), attachment.res_id],
        )
        attachment.unlink()
        env.invalidate_all()
