from odoo import fields, models


class G2PCycle(models.Model):
    _inherit = "g2p.cycle"

    prev_cycle_id = fields.Many2one("g2p.cycle", "Previous Cycle", readonly=True)
    next_cycle_id = fields.Many2one("g2p.cycle", readonly=True)

    def get_previous_cycle(self):
        return self._get_neighbour("prev_cycle_id", -1)

    def get_next_cycle(self):
        return self._get_neighbour("next_cycle_id", 1)

    def _get_neighbour(self, name, step):
        """Return the cycle that was created before or after this one, or None; and write it."""
        self.ensure_one()
        if not self[name]:
            cycles = self.program_id.cycle_ids.sorted("create_date")
            place = cycles.ids.index(self.id) + step
            if not 0 <= place < len(cycles):
                return None
            self[name] = cycles[place]
        return self[name]


class DefaultCycleManager(models.Model):
    _inherit = "g2p.cycle.manager.default"

    def new_cycle(self, name, new_start_date, sequence):
        """Write on the cycle before, whatever its state is."""
        latest = self.program_id.cycle_ids.sorted("create_date", reverse=True)[:1]
        cycle = super().new_cycle(name, new_start_date, sequence)
        latest.write({"next_cycle_id": cycle.id})
        cycle.write({"prev_cycle_id": latest.id})
        return cycle
