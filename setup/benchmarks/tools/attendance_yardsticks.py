"""What a run is held against: the bare limit, and the plain loop."""

import csv
import io
import json
from pathlib import Path

import requests
from attendance_world import CATEGORY_MODELS, FIRST, LAST, PERSONS_PER_REQUEST, TABLES
from measuring import measured

from odoo.addons.spp_cycle_attendance_compliance.models.events.event_attendance import COUNTS_ONCE

STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS bare_staging (
        individual_id integer, event_data_external_id integer, attendance_date date,
        attendance_time varchar, attendance_category varchar, attendance_type_id integer,
        attendance_location_id integer, attendance_description text,
        attendance_external_url varchar, submitted_by varchar, submitted_datetime varchar,
        submission_source varchar, state varchar
    )
"""
BARE_INSERT = f"""
    WITH event AS (
        INSERT INTO spp_event_attendance (
            individual_id, event_data_external_id, attendance_date, attendance_time,
            attendance_category, attendance_type_id, attendance_location_id,
            attendance_description, attendance_external_url, submitted_by, submitted_datetime,
            submission_source, source_id, event_data_source, company_id, intake_id, cycle_id,
            program_id, withdrawn, create_uid, create_date, write_uid, write_date
        )
        SELECT individual_id, event_data_external_id, attendance_date, attendance_time,
            attendance_category, attendance_type_id, attendance_location_id,
            attendance_description, attendance_external_url, submitted_by, submitted_datetime,
            submission_source, %(source)s, %(address)s, %(company)s, %(run)s, %(cycle)s,
            %(program)s, FALSE, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
        FROM bare_staging
        ON CONFLICT {COUNTS_ONCE.code} DO NOTHING
        RETURNING id, individual_id, event_data_external_id
    )
    INSERT INTO spp_event_data (
        model, res_id, partner_id, collection_date, registrar, event_type, name, state,
        create_uid, create_date, write_uid, write_date
    )
    SELECT 'spp.event.attendance', event.id, individual_id, staged.attendance_date,
        staged.submitted_by, %(label)s, %(name)s, staged.state,
        1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM event JOIN bare_staging AS staged USING (individual_id, event_data_external_id)
    ON CONFLICT DO NOTHING
"""


def fetch_answers(url, person_ids, folder, first=FIRST, last=LAST):
    """Keep the server's answers about all persons in files."""
    with requests.Session() as session:
        credentials = {"client_id": "client", "client_secret": "secret"}
        token = session.post(f"{url}/auth/token", json=credentials).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        params = {"limit": PERSONS_PER_REQUEST, "from_date": str(first), "to_date": str(last)}
        for start in range(0, len(person_ids), PERSONS_PER_REQUEST):
            asked = person_ids[start : start + PERSONS_PER_REQUEST]
            answer = session.get(f"{url}/attendances", params=params, json={"person_ids": asked})
            answer.raise_for_status()
            (Path(folder) / f"{start:07}.json").write_bytes(answer.content)


def store_bare(env, cycle, url, folder, person_ids):
    """Parse, copy and insert the answers, and nothing else; one transaction each."""
    run = env["spp.attendance.run"]._as_attendance_writer()._open(cycle, "apply")
    run._fail("Only what the bare limit hangs its events on.")
    label = env["ir.model"]._get("spp.event.attendance").name
    person = env["res.partner"].browse(next(iter(person_ids.values())))  # the others are copies
    source = cycle.attendance_source_id
    values = {
        "source": source.id,
        "address": url,
        "company": person.company_id.id or None,
        "run": run.id,
        "cycle": cycle.id,
        "program": cycle.program_id.id,
        "label": label,
        "name": f"{label} - [{env.cr.now():%Y-%m-%d %H:%M}]",
    }
    categories = [
        {number: record.id for number, record in env[model]._get_by_external_id(source).items()}
        for model in CATEGORY_MODELS
    ]
    env.flush_all()
    env.cr.execute(STAGING)
    env.cr.commit()
    with measured(env, TABLES) as result:
        for path in sorted(Path(folder).iterdir()):
            lines = io.StringIO()
            payload = json.loads(path.read_bytes())
            csv.writer(lines).writerows(get_bare_rows(payload, person_ids, *categories))
            lines.seek(0)
            env.cr.execute("TRUNCATE bare_staging")
            env.cr.copy_expert("COPY bare_staging FROM STDIN (FORMAT csv)", lines)
            env.cr.execute(BARE_INSERT, values)
            env.cr.commit()
    return result["seconds"]


def get_bare_rows(payload, person_ids, type_ids, location_ids):
    for person in payload["records"]:
        person_id = person_ids[person["person_id"]]
        items = sorted(
            person["attendance_list"], key=lambda item: (item["date"], item["time"], item["id"])
        )
        for item in items:
            yield (
                person_id,
                item["id"],
                item["date"],
                item["time"],
                item["attendance_category"],
                type_ids[item["attendance_type"]["id"]],
                location_ids[item["attendance_location"]["id"]],
                item["attendance_description"],
                item["attendance_external_url"],
                item["submitted_by"],
                item["submitted_datetime"],
                item["submission_source"],
                "active" if item is items[-1] else "inactive",
            )


def loop_through(env, run, client, person_ids):
    model, count = env["spp.event.attendance"]._as_attendance_writer(), 0
    source = run.attendance_source_id
    types, locations = (env[name]._get_by_external_id(source) for name in CATEGORY_MODELS)
    for answer in client.fetch_attendance(list(person_ids), run._get_question()):
        for person in answer.persons.values():
            for item in person.attendances:
                key = {
                    "individual_id": person_ids[person.person_id],
                    "source_id": source.id,
                    "event_data_external_id": item.external_id,
                }
                count += 1
                if model.search([(name, "=", value) for name, value in key.items()], limit=1):
                    continue
                model.create(
                    {
                        **key,
                        "attendance_date": item.date,
                        "attendance_time": item.time,
                        "attendance_category": item.category,
                        "attendance_type_id": types[item.type_id].id,
                        "attendance_location_id": locations[item.location_id].id,
                        "attendance_description": item.description,
                        "attendance_external_url": item.external_url,
                        "submitted_by": item.submitted_by,
                        "submitted_datetime": item.submitted_datetime,
                        "submission_source": item.submission_source,
                        "intake_id": run.intake_ids[:1].id,
                    }
                )
    env.cr.commit()
    return count
