from base64 import b64encode
from unittest.mock import patch

from odoo.addons.queue_job.job import Job

from ..wizards import upload_attendance
from .common import AttendanceCase

TYPE = "spp.res.config.attendance.type"
LOCATION = "spp.res.config.attendance.location"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"
HEADER = "ID,Date,Presence,Type,Location,Time"


class FileCase(AttendanceCase):
    """A source of files, two persons, and what they have of it."""

    def setUp(self):
        super().setUp()
        self.files = self.env["spp.attendance.source"].create(
            {"name": "School lists", "protocol": "file", "id_type_id": self.id_type.id}
        )
        self.lesson, self.training = self.env[TYPE].create(
            [{"name": name, "source_id": self.files.id} for name in ("Lesson", "Training")]
        )
        self.school = self.env[LOCATION].create({"name": "School", "source_id": self.files.id})
        self.ana, self.ben = self._create_person("ANA"), self._create_person("BEN")

    def _look(self, *rows, header=HEADER, **vals):
        """Upload a file of rows, and look at it."""
        content = "\n".join([header, *rows]).encode()
        return self._look_at(content, **vals)

    def _look_at(self, content, name="list.csv", **vals):
        wizard = self.env["spp.upload.attendance"].create(
            {
                "source_id": self.files.id,
                "file": b64encode(content),
                "file_name": name,
                **vals,
            }
        )
        wizard.action_look()
        return wizard

    def _store(self, *rows, **vals):
        wizard = self._look(*rows, **vals)
        self.assertFalse(wizard.problem)
        return self._get_intake(wizard.action_store())

    def _get_intake(self, action):
        self.assertEqual(action["res_model"], "spp.attendance.intake", action)
        return self.env["spp.attendance.intake"].browse(action["res_id"])

    def _get_events(self):
        return self.env["spp.event.attendance"].search(
            [("source_id", "=", self.files.id)], order="individual_id, attendance_date, id"
        )

    def _get_counting(self):
        """Return what counts, as (person, day, presence, type, time)."""
        return [
            (
                event.individual_id.name.split()[-1],
                str(event.attendance_date),
                event.attendance_category,
                event.attendance_type_id.name or "",
                event.attendance_time or "",
            )
            for event in self._get_events()
            if not event.withdrawn
        ]

    def _count(self, intake):
        return (
            intake.new_count,
            intake.changed_count,
            intake.withdrawn_count,
            intake.duplicate_count,
            intake.bad_row_count,
        )

    def _work(self, intake, times=100):
        """Do the jobs of an intake, one after the other; return how many there were."""
        for number in range(times):
            key = f"spp.attendance.file.{intake.id}.%"
            domain = [("identity_key", "=like", key), ("state", "=", "pending")]
            pending = self.env["queue.job"].search(domain, limit=1)
            if not pending:
                return number
            job = Job.load(self.env, pending.uuid)
            job.perform()
            job.set_done()
            job.store()
            self.env.flush_all()
        return times

    def _store_in_background(self, *rows, **vals):
        with patch.object(upload_attendance, "BIG_FILE", 0):
            return self._store(*rows, **vals)
