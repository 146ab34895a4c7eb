"""The apps whose menu is around what mails of this addon link to: the first that the user has."""

PROGRAMS = "g2p_programs.g2p_program_menu_root"
MENUS = {"g2p.cycle": [PROGRAMS], "g2p.program": [PROGRAMS]}
