from . import registrant_id
from . import attendance_proof_mixin
from . import attendance_intake
from . import attendance_intake_reception
from . import unknown_words
from . import attendance_file
from . import attendance_file_row
from . import attendance_answer
