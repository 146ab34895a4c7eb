"""A file of attendance: what is in it, what its columns mean, what can't be used and why.

Imports no Odoo, so that it can be read, and tested, alone.
"""

from .errors import FileError, Sentence
from .records import Row, RowError
from .tables import Table, open_table
from .layouts import Layout
from .guessing import guess_layout
from .reading import read_rows
from .writing import write_table
from .left_out import LeftOut, write_left_out
