"""A database, and Odoo processes that work on it: run to their end, paused, or killed."""

import signal

PATIENCE_SECONDS = 120


class Registry:
    """A database, and Odoo processes that carry out a script's commands on it.

    :param gate: a file; processes that pause wait until it is there
    """

    def __init__(self, env, name, script, gate):
        self.env, self.name, self.script, self.gate = env, name, script, gate
        self.processes = []

    def do(self, *commands):
        """Have commands carried out, one after the other."""
        return self.env.shell(self.name, self.script, str(self.gate), *commands)

    def start(self, *commands):
        """Start commands and wait until they pause at the gate."""
        process = self.start_unwatched(*commands)
        self.wait_for_pause(process)
        return process

    def start_unwatched(self, *commands):
        process = self.env.popen_shell(self.name, self.script, str(self.gate), *commands)
        self.processes.append(process)
        return process

    def wait_for_pause(self, process):
        for line in process.stdout:
            if line.strip() == "waiting":
                return
        raise AssertionError(f"it did not pause: {process.stderr.read()}")

    def wait_for_lock(self):
        """Wait until somebody waits for somebody else's row."""
        query = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        while self.ask(query) == "0":
            assert all(process.poll() is None for process in self.processes)

    def open_gate(self):
        self.gate.touch()

    def finish(self, process):
        _output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, errors
        self.processes.remove(process)

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.processes.remove(process)

    def ask(self, query):
        return self.env.databases.sql(query, self.name)

    def close(self):
        for process in [*self.processes]:
            self.kill(process)
