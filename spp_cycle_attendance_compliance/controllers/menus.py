"""The apps whose menu is around what mails of this addon link to: the first that the user has."""

PROGRAMS = "g2p_programs.g2p_program_menu_root"
REGISTRY = "g2p_registry_base.g2p_main_menu_root"
MENUS = {
    "g2p.cycle": [PROGRAMS],
    "spp.attendance.source": [PROGRAMS],
    "spp.attendance.waiver": [PROGRAMS],
    "res.partner": [REGISTRY, PROGRAMS],
}
