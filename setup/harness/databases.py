"""The databases of this checkout on a server: made fresh, copied, dropped with their files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from .postgres import run_psql
from .problem import Problem
from .steps import BUILD, digest

if TYPE_CHECKING:
    from .environment import Environment

# Only databases with this prefix are ever dropped: the server may hold others.
PREFIX = "spp_addons"
FILES = BUILD / "odoo-data" / "filestore"


class Databases:
    def __init__(self, env: Environment, settings: dict[str, str]):
        self.env, self.settings = env, settings

    def name(self, purpose: str) -> str:
        """The name of the database for a purpose, with this environment's Odoo and platform."""
        return f"{PREFIX}_{purpose}_{self.env.name}".replace(".", "_").replace("-", "_")

    def sql(self, sql: str, database: str = "postgres") -> str:
        answer = run_psql(self.settings, database, sql)
        if answer.returncode:
            raise Problem(f"PostgreSQL refuses: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def exists(self, name: str) -> bool:
        return self.sql(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "1"

    def create(self, name: str) -> None:
        self.drop(name)
        self.sql(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")

    def drop(self, name: str) -> None:
        if not name.startswith(PREFIX):
            raise Problem(f"{name} is not a database of this project's: not dropped.")
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(FILES / name, ignore_errors=True)

    def copy(self, template: str, name: str) -> None:
        """Makes a database anew as a copy of another that nobody is connected to."""
        self.drop(name)
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        # Odoo names these files after their content and never changes one.
        if (FILES / template).is_dir():
            shutil.copytree(FILES / template, FILES / name, copy_function=os.link)

    def installed(self, name: str) -> set[str]:
        found = self.sql("SELECT name FROM ir_module_module WHERE state = 'installed'", name)
        return set(found.split())

    def platform(self, modules: list[str]) -> str:
        """A database with just the platform, kept between runs while nothing changes."""
        name = self.name("platform")
        key = digest([self.env.server.identity, *modules, *self._platform_sources()])
        kept = "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
        if self.sql(f"{kept} WHERE datname = '{name}'") != key:
            self.create(name)
            self.env.install(name, modules)
            self.sql(f"COMMENT ON DATABASE \"{name}\" IS '{key}'")
        return name

    def _platform_sources(self) -> list[Path]:
        """Folders of the platform's modules, ours left out: they come later."""
        return [
            module.parent
            for folder in self.env.addons_path
            for module in sorted(folder.glob("*/__manifest__.py"))
            if module.parent.name not in self.env.addons
        ]
