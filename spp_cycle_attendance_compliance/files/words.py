"""The words of five languages: titles of columns, and what people write for a presence."""

import re
import unicodedata
from collections.abc import Iterable

from .texts import fold

# What can't mean anything but a presence, so that a column of it needs no title to be known.
_PRESENT_NAMES = (
    ("present", "attended")
    + ("présent", "présente")
    + ("presente", "asistió", "asistio", "compareceu")
    + ("حاضر", "حاضرة", "حضر", "حضرت", "حضور")
)
_ABSENT_NAMES = (
    ("absent", "not attended")
    + ("absente",)
    + ("ausente", "faltó", "falto", "faltou", "falta")
    + ("غائب", "غائبة", "غاب", "غابت", "غياب")
)
_EXCUSED_NAMES = (
    ("excused", "justified")
    + ("excusé", "excusée", "justifié", "justifiée", "dispensé", "dispensée")
    + ("excusado", "excusada", "justificado", "justificada", "falta justificada")
    + ("dispensado", "dispensada", "abonado", "abonada", "falta abonada")
    + ("معذور", "معذورة", "بعذر", "غائب بعذر", "غياب بعذر")
)
PRESENT_WORDS = (
    *_PRESENT_NAMES[:1],
    *("x", "✓", "1", "p", "yes", "y", "true", "✔", "☑", "✅", "oui", "vrai"),
    *("sí", "si", "s", "verdadero", "sim", "verdadeiro", "نعم", "ح"),
    *_PRESENT_NAMES[1:],
)
ABSENT_WORDS = (
    *_ABSENT_NAMES[:1],
    *("0", "a", "no", "n", "false", "✗", "✘", "❌", "non", "faux"),
    *("f", "falso", "não", "nao", "لا", "غ"),
    *_ABSENT_NAMES[1:],
)
EXCUSED_WORDS = (*_EXCUSED_NAMES[:1], "e", "j", *_EXCUSED_NAMES[1:])
UNKNOWN_WORDS = (
    ("?", "؟", "unknown", "not known", "inconnu", "inconnue")
    + ("desconocido", "desconocida", "desconhecido", "desconhecida")
    + ("غير معروف", "غير معروفة")
)
_WORDS = frozenset(map(fold, PRESENT_WORDS + ABSENT_WORDS + EXCUSED_WORDS + UNKNOWN_WORDS))
_PLAIN_WORDS = frozenset(map(fold, _PRESENT_NAMES + _ABSENT_NAMES + _EXCUSED_NAMES))


def is_word(text: str) -> bool:
    """Return whether a text means a presence, an absence or neither in every file: then it can't
    be the name of a reason, too."""
    return fold(text) in _WORDS


def is_plain_word(text: str) -> bool:
    """Return whether a text says of somebody that she came, or not, whatever it answers."""
    return fold(text) in _PLAIN_WORDS


# By the field of a layout; the first that is found in a file is taken.
_TITLES = {
    "record_id": """
        record id; record number; attendance id; submission id; external id; uuid; _uuid; _id
        id enregistrement; numéro d'enregistrement; id de l'enregistrement; id présence
        id registro; id de registro; id del registro; id asistencia; id de asistencia
        id do registro; id presença; id da presença; رقم السجل; معرف السجل
    """,
    "identifier": """
        person id; personal id; person identifier; national id; national id number; id number
        beneficiary id; member id; participant id; student id; learner id; registrant id
        registration number; registration id; nid; uid
        identifiant national; numéro national; id personne; identifiant personnel; matricule
        numéro d'identification; numéro d'identité; n° d'identification; n° identifiant
        id bénéficiaire; identifiant du bénéficiaire
        cédula; documento; número de documento; documento de identidad; dni; curp; matrícula
        número de identificación; identificación; id persona; id beneficiario
        número de identificação; identificação; bilhete de identidade; nis; cpf; id pessoa
        id do beneficiário; id da pessoa
        رقم الهوية; رقم الهويه; الرقم الوطني; رقم المستفيد; رقم التسجيل; رقم الطالب; الهوية
        identifier; identifiant; identificador; المعرف; id; ids
    """,
    "date": """
        date; day; attendance date; date of attendance; session date; visit date
        jour; date de présence; date de la présence; date de la séance; date de visite
        fecha; día; fecha de asistencia; fecha de la sesión; fecha de visita
        data; dia; data da presença; data de presença; data da sessão; data da visita
        التاريخ; تاريخ; اليوم; تاريخ الحضور
    """,
    "category": """
        presence; attendance; category; attendance category; present; attended; status
        attendance status; present/absent; presence/absence
        was present; was there; was here; came; showed up
        présence; présent; statut; catégorie; assiduité; présence/absence; statut de présence
        était présent; était là; est venu; venu
        presencia; asistencia; presente; asistió; estado; categoría; estado de asistencia
        estuvo presente; estuvo; vino
        presença; compareceu; frequência; situação; categoria; assistência
        esteve presente; esteve; veio
        الحضور; حضور; الحالة; حالة الحضور; الحضور والغياب; حاضر
    """,
    "type": """
        type; attendance type; type of attendance; activity; session type; activity type
        type de présence; activité; type d'activité; type de séance
        tipo; tipo de asistencia; actividad; tipo de actividad; tipo de sesión
        tipo de presença; atividade; tipo de atividade; tipo de sessão
        النوع; نوع; نوع الحضور; النشاط; نوع النشاط
    """,
    "location": """
        location; attendance location; place; site; venue; centre; center; school; facility
        lieu; emplacement; endroit; école; lieu de présence
        lugar; ubicación; sitio; centro; escuela; localización
        local; localização; localidade; escola; sítio
        المكان; الموقع; مكان; موقع; المدرسة; المركز; مكان الحضور
    """,
    "time": """
        time; hour; attendance time; time of attendance; start time; check-in; check-in time
        heure; heure de présence; heure d'arrivée; heure de début
        hora; hora de asistencia; hora de llegada; hora de inicio; horário; hora de chegada
        الوقت; وقت; الساعة; وقت الحضور
    """,
    "description": """
        description; attendance description; comment; comments; remark; remarks; note; notes
        commentaire; commentaires; remarque; remarques; observations
        descripción; comentario; comentarios; observación; observaciones; notas; nota
        descrição; comentário; observação; observações; anotações
        الوصف; ملاحظات; ملاحظة; تعليق
    """,
}
# Dates of something else.
_OTHER_DATES = """
    date of birth; birth date; birthday; dob; registration date; enrolment date
    enrollment date; date de naissance; date d'inscription; fecha de nacimiento; fecha de registro
    fecha de inscripción; data de nascimento; data de inscrição; data de registro
    تاريخ الميلاد; تاريخ التسجيل
"""
# In a title, they ask who did not come: "yes" would mean absent.
_ABSENCES = """
    absent; absents; absence; absences; absentee; absentees
    absente; absentes; ausente; ausentes; ausencia; ausencias; inasistencia; inasistencias
    falta; faltas; falto; faltou
    غائب; غائبة; غاب; غابت; غياب; الغياب; الغائب
"""
# These do, with one that asks who came.
_NEGATIONS = "not; no; didn; wasn; non; pas; nao; لم; لا"
_COMING = """
    came; come; attend; attended; here; there; present; presence
    venu; venue; venus; presente; presencia; asistio; vino; estuvo
    presenca; compareceu; veio; esteve; حضر; حضرت; يحضر; تحضر; حاضر; الحضور; حضور
"""
_PRESENCES = "present; presence; presente; presencia; presenca; حاضر; الحضور; حضور"
# In a title, they ask nothing.
_ANSWERS = (
    *("yes no", "yes or no", "or not", "oui non", "oui ou non", "ou non", "ou pas", "si no"),
    *("si o no", "o no", "sim nao", "sim ou nao", "ou nao", "نعم لا", "نعم او لا", "ام لا"),
)


def find_columns(titles: Iterable[str]) -> dict[str, str]:
    """Return the title of each field of a layout that is known by its title; none is taken for two
    fields."""
    columns, exact = {}, {fold(title): title for title in titles}
    plain = {_simplify(title): title for title in exact.values()}
    for field, known in _KNOWN.items():
        for name in known:
            title = exact.get(name)
            if title is None and not name.startswith("_"):  # "_id" is no "id"
                title = plain.get(_simplify(name))
            if title is not None and title not in columns.values():
                columns[field] = title
                break
    return columns


def is_other_date(title: str) -> bool:
    """Return whether the title is known as that of dates, but not of attendance."""
    return _simplify(title).replace(" ", "") in _OTHER


def is_absence(title: str) -> bool:
    """Return whether the title asks who did not come, and not for the one or the other."""
    text = _simplify(title)
    if text in _PRESENCE_TITLES:
        return False
    text = f" {text} "
    for answers in map(_simplify, _ANSWERS):
        text = text.replace(f" {answers} ", " ")
    words = set(text.split())
    if words & _ABSENCE_WORDS:
        return not words & _PRESENCE_WORDS
    return bool(words & _NEGATION_WORDS and words & _COMING_WORDS)


def _split(names):
    return [fold(name) for name in re.split(r"[;\n]", names) if name.strip()]


def _simplify(title):
    """Return a title without accents and marks, which are often left out in titles."""
    text = unicodedata.normalize("NFKD", title).casefold()
    text = "".join(" " if char in "_-./:*'’#?¿؟()" else char for char in text)
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())


_KNOWN = {field: _split(names) for field, names in _TITLES.items()}
_PRESENCE_TITLES = {*map(_simplify, _KNOWN["category"])}
_ABSENCE_WORDS, _NEGATION_WORDS, _COMING_WORDS, _PRESENCE_WORDS = (
    {*map(_simplify, _split(words))} for words in (_ABSENCES, _NEGATIONS, _COMING, _PRESENCES)
)
_OTHER = {_simplify(name).replace(" ", "") for name in _split(_OTHER_DATES)}
