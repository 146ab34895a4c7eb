"""A database that a test makes once, and copies of it that it does something to."""

import os
from itertools import count


class Copies:
    def __init__(self, env, label):
        self.env, self.databases, self.label = env, env.databases, label
        self.numbers = count()
        self.made = []

    def copy(self, template):
        name = self.databases.name(f"{self.label}{os.getpid()}x{next(self.numbers)}")
        self.made.append(name)
        self.databases.copy(template, name)
        return name

    def drop_all(self):
        for name in self.made:
            self.databases.drop(name)

    def sql(self, query, name=None):
        return self.databases.sql(query, name or self.name)
