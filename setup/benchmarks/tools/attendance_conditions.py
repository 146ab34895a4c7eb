"""Persons of whom it is known beforehand who meets which conditions, and a server of their own.

Served by ``python attendance_conditions.py FOLDER SIZE``: FOLDER is that of `attendance_server.py`,
SIZE a number of persons. Imports no Odoo.

Each month has five days of school and a health visit; in October there is a training. A tenth of
the days is excused, in a word of the server's own. Everybody is absent from school once a month,
which is little enough; some kinds of persons are otherwise.
"""

import sys
from datetime import date

FIRST, LAST = date(2025, 9, 1), date(2025, 11, 30)
SCHOOL, HEALTH, TRAINING = range(1, 4)
EXCUSED_WORD = "justified"
MONTHS = (9, 10, 11)
SCHOOL_DAYS, HEALTH_DAY, TRAINING_DAY = (3, 8, 14, 20, 26), 12, 16
# Free for everybody. Who was not at school then, but on all other days of that month, is kind 1.
FLOOD = date(2025, 10, 1), date(2025, 10, 9)
FLOODED, UNTRAINED, UNSEEN, TRUANT = 1, 3, 6, 9
# Who fails one of three conditions, and who has too few days for the one.
FAILING_THREE, FAILING_ONE = (UNTRAINED, UNSEEN, TRUANT), (FLOODED, UNTRAINED, UNSEEN)
# All but four days, one of them in each month.
DAYS_OF_ONE = 16
PLAN = sorted(
    [(date(2025, month, day), SCHOOL) for month in MONTHS for day in SCHOOL_DAYS]
    + [(date(2025, month, HEALTH_DAY), HEALTH) for month in MONTHS]
    + [(date(2025, 10, TRAINING_DAY), TRAINING)],
    key=lambda item: (item[1], item[0]),
)


def count_failing(size, kinds):
    """Return how many of the first persons are of some kinds: each is a tenth of them."""
    return sum(get_kind(number) in kinds for number in range(1, size + 1))


def get_kind(number):
    return number // 10 % 10


def is_absent(number, place, day, type_id):
    """Say whether a person misses what stands at a place of the plan."""
    kind, month = get_kind(number), day.month
    if type_id == TRAINING:
        return kind == UNTRAINED
    if type_id == HEALTH:
        return kind == UNSEEN and month == MONTHS[-1]
    if kind == FLOODED and month == FLOOD[0].month:
        return day <= FLOOD[1]
    if kind == TRUANT:  # two of five days in one month, and no other
        return month == MONTHS[-1] and (number + place) % 5 in (1, 2)
    return (number + place) % 5 == 1


def get_category(number, place, day, type_id):
    if is_absent(number, place, day, type_id):
        return "absent"
    return "present" if (number + place) % 10 else EXCUSED_WORD


class People(dict):
    """Persons whose attendances are made when they are asked for."""

    def __init__(self, size, attendance):
        super().__init__((f"P{number:07}", number) for number in range(1, size + 1))
        self.attendance = attendance

    def __getitem__(self, person_id):
        number = super().__getitem__(person_id)
        return [
            self.attendance(
                number * len(PLAN) + place,
                str(day),
                type_id,
                category=get_category(number, place, day, type_id),
            )
            for place, (day, type_id) in enumerate(PLAN)
        ]


def main():
    folder, size = sys.argv[1:]
    sys.path.insert(0, folder)
    from attendance_server import AttendanceServer, attendance

    types = [
        {"id": SCHOOL, "name": "School"},
        {"id": HEALTH, "name": "Health visit"},
        {"id": TRAINING, "name": "Training"},
    ]
    server = AttendanceServer(People(int(size), attendance), types=types, is_frozen=True)
    sys.stdout.write(f"serving {server.url}\n")
    sys.stdout.flush()
    server.closing.wait()


if __name__ == "__main__":
    main()
