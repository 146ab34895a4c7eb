from harness import printer
from harness.problem import Problem


def test_without_a_printer_all_goes_on(monkeypatch, capsys):
    def fail(*_arguments):
        raise Problem("Debian's archive keyring is missing.\nAll that was said is in a file.")

    monkeypatch.setattr(printer.shutil, "which", lambda _name: None)
    monkeypatch.setattr(printer, "unpacked", fail)
    assert printer.folder_on_path() is None
    (said,) = capsys.readouterr().out.splitlines()
    assert "no PDFs" in said and "keyring is missing" in said
