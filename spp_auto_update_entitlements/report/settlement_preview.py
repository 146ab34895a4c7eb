from odoo import api, models


class SettlementPreview(models.AbstractModel):
    """What a settlement of cycles would decide now, shown as its report. Nothing is stored."""

    _name = "report.spp_auto_update_entitlements.settlement_preview"
    _description = "Preview of a Settlement"

    @api.model
    def _get_report_values(self, docids, data=None):
        cycles = self.env["g2p.cycle"].browse(docids)
        return {
            "doc_model": "spp.cycle.settlement",
            "docs": [cycle._preview_settlement() for cycle in cycles],
        }
