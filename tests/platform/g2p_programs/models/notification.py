def notification(title, message, kind="success"):
    """Return the action that shows a message in the corner and closes a dialog."""
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "title": title,
            "message": message,
            "type": kind,
            "sticky": False,
            "next": {"type": "ir.actions.act_window_close"},
        },
    }
