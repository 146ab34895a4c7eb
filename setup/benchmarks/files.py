"""What it takes to look at a file of attendance and to store it, beside a server's answer.

    ./setup/bench files [--json] [--sizes 10000,100000]

For each size a file of as many rows, ten for each person, is brought in as people do: looked at,
then stored (which reads it once more), then stored again unchanged. The same persons have been
asked about before at an attendance server, which told about as many attendances of each: its events
per second are what those of the file are held against. CSV and XLSX.
"""

import sys
from base64 import b64encode
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[0]).parent / "tools"))
from attendance_world import (
    FIRST,
    TABLES,
    attendance_server,
    check_attendance,
    connect,
    forget_events,
    get_person_ids,
    seed_cycle,
)
from measuring import measured, parse_arguments, print_json, print_row

from odoo.addons.spp_cycle_attendance_compliance.files import guess_layout, open_table, write_table

ROWS_OF_A_PERSON = 10
HEADER = ("ID", "Date", "Presence")
COLUMNS = (
    "kind",
    "rows   ",
    "look s",
    "store s",
    "again s",
    "events/s",
    "server's events/s",
    "peak MB",
    "x server",
)
AIMS = ("aims", *[""] * 6, "", "> 1")


def write_csv(rows):
    return "\n".join(map(",".join, [HEADER, *rows])).encode()


def write_xlsx(rows):
    return write_table(HEADER, rows)


def make_rows(identifiers):
    days = [str(FIRST + timedelta(days=number)) for number in range(ROWS_OF_A_PERSON)]
    return [
        (identifier, day, "absent" if number % 5 == 0 else "present")
        for identifier in identifiers
        for number, day in enumerate(days)
    ]


def ask_server(env, size):
    """Check the attendance of as many persons; return the source, their IDs and the speed."""
    with attendance_server(size) as url:
        cycle = seed_cycle(env, size, connect(env, url))
        with measured(env, TABLES) as result:
            run = check_attendance(env, cycle)
        assert run.state == "done", run.error or run.brake_reason
        identifiers = list(get_person_ids(env, cycle))
    return cycle.attendance_source_id, identifiers, run.new_count / result["seconds"]


def measure(env, kind, write, size):
    asked, identifiers, speed = ask_server(env, size // ROWS_OF_A_PERSON)
    forget_events(env)
    source = env["spp.attendance.source"].create(
        {"name": f"Files of {asked.name}", "protocol": "file", "id_type_id": asked.id_type_id.id}
    )
    content = write(make_rows(identifiers))
    layout = guess_layout(open_table(content, "file"))
    intakes = env["spp.attendance.intake"]._as_attendance_writer()

    def look():
        draft = intakes._draft_file(source, content, "file", layout, env.company)
        return draft, draft.count()

    def store():
        draft, counts = look()
        intake = intakes._open_file(
            draft, counts, company_id=env.company.id, file=b64encode(content), file_name="file"
        )
        draft.drop()
        env.cr.commit()
        while intake._store_some():  # each of these is a job
            env.cr.commit()
        env.cr.commit()
        return intake

    with measured(env, TABLES) as look_result:
        assert look()[1]["new"] == size
        env.cr.commit()
    with measured(env, TABLES) as first:
        assert store().new_count == size
    with measured(env, TABLES) as again:
        intake = store()
        assert not intake.new_count + intake.changed_count + intake.withdrawn_count
    forget_events(env)
    return {
        "kind": kind,
        "rows": size,
        "look_seconds": look_result["seconds"],
        "store_seconds": first["seconds"],
        "again_seconds": again["seconds"],
        "speed": round(size / first["seconds"]),
        "server_speed": round(speed),
        "peak": max(look_result["peak_growth_mb"], first["peak_growth_mb"]),
        "x_server": round(size / first["seconds"] / speed, 2),
    }


def main(env):
    options = parse_arguments("files", "10000,100000", "rows of the files")
    measure(env, "CSV", write_csv, 1000)  # what is loaded once is not part of the measurement
    print_row(COLUMNS, COLUMNS)
    results = []
    for size in options.sizes:
        for kind, write in (("CSV", write_csv), ("XLSX", write_xlsx)):
            results.append(measure(env, kind, write, size))
            print_row(COLUMNS, results[-1].values())
    print_row(COLUMNS, AIMS)
    if options.json:
        print_json("files", results)


main(env)
