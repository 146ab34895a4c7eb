"""The nightly run in a thread of its own: it stops after a commit while others go on, or breaks."""

import math
import threading
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.addons.spp_auto_update_entitlements.models import cycle_end, cycle_nightly_run

PATIENCE_SECONDS = 120


class Killed(BaseException):
    """The process is gone: nobody catches it."""


class Nights:
    """Runs one night at a time; of a paused one, only committed work is there, and no lock."""

    def __init__(self, stage):
        self.stage = stage
        self.thread = None
        self.has_news, self.may_go_on = threading.Event(), threading.Event()
        self.pause_after = self.break_at = None
        self.breaking = ""
        self.is_killed = self.is_over = False
        self.error = None

    def watch(self, env):
        """From here on, settle in small batches, and stop and break where it was asked for."""
        cycles, settlements = type(env["g2p.cycle"]), type(env["spp.cycle.settlement"])
        commit, book = cycles._commit, settlements._book

        def commit_and_pause(cycle):
            commit(cycle)
            self._note_commit()

        def book_and_break(settlement, kind, cases):
            book(settlement, kind, cases)
            self._note_batch(settlement.env)

        patch.object(cycles, "_commit", commit_and_pause).start()
        patch.object(settlements, "_book", book_and_break).start()
        # One that pauses for long would stop by itself: the same steps would not do the same again.
        patch.object(cycles, "_get_time_budget", lambda _cycles: math.inf).start()
        patch.object(cycle_nightly_run, "BATCH_SIZE", 2).start()
        patch.object(cycle_end, "MAX_SETTLED_AT_ONCE", 3).start()

    @property
    def is_paused(self):
        return self.thread is not None

    def begin(self, pause_after=None, break_at=None, breaking="", is_short=False):
        """Start a night, and wait until it pauses or ends.

        :param pause_after: how many commits to pause after
        :param break_at: the batch in which to break, and how: ``breaking``
        :param is_short: stop after one batch, as if the time were up
        """
        # In one that is disturbed, a batch each.
        cycle_end.BATCH_SIZE = 2 if pause_after is None and break_at is None else 1
        self.pause_after, self.break_at, self.breaking = pause_after, break_at, breaking
        self.is_killed = self.is_over = False
        self.error = None
        self.thread = threading.Thread(target=self._run, args=(is_short,), daemon=True)
        self.has_news.clear()
        self.thread.start()
        self._wait()

    def go_on(self, pause_after=None):
        self.pause_after = pause_after
        self._resume()

    def kill(self):
        """End the paused night's process."""
        self.is_killed = True
        self._resume()

    def _resume(self):
        self.has_news.clear()
        self.may_go_on.set()
        self._wait()

    def _wait(self):
        if not self.has_news.wait(PATIENCE_SECONDS):
            self.break_at, self.breaking = 0, "killed"
            self.thread.join()
            self.thread = None
            raise AssertionError("The night does not end.")
        if self.is_over:
            self.thread.join()
            self.thread = None

    def _run(self, is_short):
        try:
            with self.stage.transaction() as env:
                cycles = env["g2p.cycle"]
                if is_short:
                    with patch.object(type(cycles), "_get_time_budget", lambda _cycles: -1):
                        cycles._cron_settle()
                else:
                    cycles._cron_settle()
        except BaseException as error:
            self.error = error
        self.is_over = True
        self.has_news.set()

    def _note_commit(self):
        if threading.current_thread() is not self.thread or self.pause_after is None:
            return
        self.pause_after -= 1
        if self.pause_after >= 0:
            return
        self.pause_after = None
        self.may_go_on.clear()
        self.has_news.set()
        self.may_go_on.wait()
        if self.is_killed:
            raise Killed

    def _note_batch(self, env):
        if threading.current_thread() is not self.thread or self.break_at is None:
            return
        self.break_at -= 1
        if self.break_at >= 0:
            return
        self.break_at = None
        if self.breaking == "killed":
            raise Killed
        if self.breaking == "bug":
            raise ZeroDivisionError("a bug in another addon")
        if self.breaking == "in each other's way":
            raise SerializationFailure
        with self.stage.registry.cursor() as cr:
            cr.execute("SELECT pg_terminate_backend(%s)", [env.cr._cnx.get_backend_pid()])
        env.cr.execute("SELECT 1")
