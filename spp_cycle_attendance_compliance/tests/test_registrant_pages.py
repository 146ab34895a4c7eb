from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import AttendanceCase

GROUPS_FORM = "g2p_registry_group.view_groups_form"
INDIVIDUALS_FORM = "g2p_registry_individual.view_individuals_form"
MANAGER = "g2p_programs.g2p_program_manager"
READER = "spp_cycle_attendance_compliance.group_attendance_reader"
VALIDATOR = "g2p_programs.g2p_program_validator"
FINANCE = "g2p_programs.g2p_finance_validator"
REGISTRAR = "g2p_registry_base.group_g2p_registrar"


@tagged("post_install", "-at_install")
class TestRegistrantPages(AttendanceCase):
    """Who may read registrants opens their pages, and knows them apart where they are chosen."""

    def setUp(self):
        super().setUp()
        self.ana = self._create_person("ANA", "Ana", birthdate="2016-05-03")
        self.household = self._create_household(name="Diaz")
        self._add_member(self.household, self.ana, start_date="2025-01-01")

    def _open(self, registrant, view):
        """Read what the registrant's page reads, as the browser does."""
        arch = etree.fromstring(registrant.get_view(self.env.ref(view).id, "form")["arch"])
        names = arch.xpath("//field[not(ancestor::field)]/@name")
        linked = {"fields": {"display_name": {}}}
        return registrant.web_read(
            {name: linked if registrant._fields[name].relational else {} for name in names}
        )

    def _name(self, registrant, user):
        return registrant.with_user(user).with_context(attendance_person=True).display_name

    def _find(self, text, user, **context):
        partners = self.env["res.partner"].with_user(user).with_context(**context)
        return [id_ for id_, _name in partners.name_search(text)]

    def test_everybody_opens_them(self):
        self._record(self.ana, "2025-11-03")
        for number, group in enumerate((MANAGER, VALIDATOR, FINANCE, REGISTRAR)):
            user = self._create_user(f"opens{number}", group)
            for registrant, view in ((self.household, GROUPS_FORM), (self.ana, INDIVIDUALS_FORM)):
                with self.subTest(group=group, view=view):
                    (page,) = self._open(registrant.with_user(user), view)
                    self.assertEqual(page["name"], registrant.name)

    def test_who_only_reads_opens_what_verdicts_are_about(self):
        """An auditor: the membership's page, the verdict's and the run's; and changes nothing.

        The cycle's page shows amounts, too: it is for who may read those as well.
        """
        cycle = self._create_cycle(self._create_program("group"), [self.household])
        run = self._run(cycle)
        auditor = self._create_user("opens_all", READER)
        self.assertEqual(cycle.with_user(auditor).read(["name"])[0]["name"], cycle.name)
        for record, view in (
            (cycle.cycle_membership_ids, "g2p_programs.view_cycle_membership_form"),
            (run.line_ids[0], "spp_cycle_attendance_compliance.view_attendance_run_line_form"),
            (run, "spp_cycle_attendance_compliance.view_attendance_run_form"),
        ):
            with self.subTest(view):
                record = record.with_user(auditor)
                self.assertTrue(self._open(record, view))
                with self.assertRaises(AccessError):
                    record.write({"state": "draft"} if "state" in record._fields else {"kind": "x"})
                with self.assertRaises(AccessError):
                    record.unlink()

    def test_who_may_read_event_data_sees_it(self):
        """And nobody is offered to record what she may not."""
        for group, is_seen in ((REGISTRAR, True), (VALIDATOR, False)):
            user = self._create_user(f"sees {is_seen}", group)
            partners = self.env["res.partner"].with_user(user)
            view_id = self.env.ref(INDIVIDUALS_FORM).id
            arch = partners.get_view(view_id, "form")["arch"]
            for told in ('name="event_data_ids"', 'name="event_data"', "open_create_event_wizard"):
                self.assertEqual(told in arch, is_seen, told)

    def test_links_open_the_registrys_pages(self):
        contact = self.env["res.partner"].create({"name": "Office"})
        for partner, view in (
            (self.ana, INDIVIDUALS_FORM),
            (self.household, GROUPS_FORM),
            (contact, None),
        ):
            partner = partner.with_context(attendance_person=True)
            action = partner.get_formview_action()
            view_id = self.env.ref(view).id if view else False
            self.assertEqual(action["views"], [(view_id, "form")])
            self.assertNotIn("attendance_person", action["context"])
        # The platform asks it of nobody, too.
        self.assertFalse(self.env["res.partner"].get_formview_id())

    def test_names_say_who_is_who(self):
        registrar = self._create_user("names", REGISTRAR)
        self.assertEqual(self._name(self.ana, registrar), "Ana ANA · ANA · 05/03/2016 · Diaz")
        self.assertEqual(self._name(self.household, registrar), "Diaz")
        self.assertEqual(self.ana.with_user(registrar).display_name, "Ana ANA")
        self.ana.reg_ids.status = "invalid"
        self.ana.individual_membership_ids.ended_date = "2025-11-01"
        self.env.invalidate_all()
        self.assertEqual(self._name(self.ana, registrar), "Ana ANA · 05/03/2016")

    def test_ids_are_for_who_may_read_them(self):
        """Also where Odoo looks at names as the superuser."""
        self.ana.name = "Ana"
        validator = self._create_user("validates", VALIDATOR)
        self.assertEqual(self._name(self.ana, validator), "Ana · 05/03/2016 · Diaz")
        partners = self.env["res.partner"].with_user(validator)
        found = partners.with_context(attendance_person=True).name_search("Ana")
        self.assertIn((self.ana.id, "Ana · 05/03/2016 · Diaz"), found)

    def test_birth_date_and_household_are_for_who_may_read_them(self):
        """Nobody learns of them by asking for the names as our screens do."""
        employee = self._create_user("employee", "base.group_user")
        self.assertEqual(self._name(self.ana, employee), "Ana ANA")
        reader = self._create_user("reads", READER)
        self.assertEqual(self._name(self.ana, reader), "Ana ANA · 05/03/2016 · Diaz")

    def test_found_by_id(self):
        self.ana.reg_ids.value = "NID-4711"
        registrar = self._create_user("finds", REGISTRAR)
        validator = self._create_user("finds not", VALIDATOR)
        self.assertEqual(self._find("nid-4711", registrar, attendance_person=True), self.ana.ids)
        self.assertEqual(self._find("nid-4711", registrar), [])
        self.assertEqual(self._find("nid-4711", validator, attendance_person=True), [])
        events = self._record(self.ana, "2025-11-03").with_user(registrar)
        events = events.with_context(attendance_person=True)
        self.assertTrue(events.search([("individual_id", "ilike", "nid-4711")]))

    def test_a_list_of_names_is_few_queries(self):
        persons = self.ana
        for number in range(20):
            person = self._create_person(f"P{number}")
            self._add_member(self.household, person)
            persons |= person
        registrar = self._create_user("lists", REGISTRAR)
        persons = persons.with_user(registrar).with_context(attendance_person=True)
        self.env.invalidate_all()
        persons[:1].mapped("display_name")
        self.env.invalidate_all()
        with self.assertQueryCount(10):
            persons.mapped("display_name")
