/* What a window shows in all of its pages: texts, titles, placeholders; and what look.js finds.
   Given a screen. */
window.showScreen = async (screen) => {
    const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const seen = new Set();
    const unreachable = new Set();
    const faint = new Set();
    const settle = async () => {
        let size = -1;
        let stays = 0;
        for (let turn = 0; turn < 100 && stays < 3; turn++) {
            await wait(60);
            const busy = document.querySelector(".o_loading_indicator, .o_blockUI");
            stays = !busy && size === document.body.innerHTML.length ? stays + 1 : 0;
            size = document.body.innerHTML.length;
        }
    };
    const collect = () => {
        window.findUnreachable().forEach((found) => unreachable.add(found));
        window.findFaint().forEach((found) => faint.add(found));
        const root =
            document.querySelector(".modal-dialog") || document.querySelector(".o_action_manager");
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            if (walker.currentNode.parentElement.checkVisibility()) {
                seen.add(walker.currentNode.textContent);
            }
        }
        for (const element of root.querySelectorAll(
            "[title], [placeholder], [aria-label], [data-tooltip]"
        )) {
            for (const name of ["title", "placeholder", "aria-label", "data-tooltip"]) {
                seen.add(element.getAttribute(name) || "");
            }
        }
    };
    const services = odoo.__WOWL_DEBUG__.root.env.services;
    const options = {clearBreadcrumbs: true, additionalContext: screen.context};
    if (screen.view) {
        options.viewType = screen.view;
    }
    await services.action.doAction(screen.action, options);
    await settle();
    collect();
    const tabs = document.querySelectorAll(".o_notebook .nav-link:not(.active)");
    for (let number = 0; number < tabs.length; number++) {
        const tab = tabs[number];
        if (tab.isConnected && tab.checkVisibility()) {
            tab.click();
            await settle();
            collect();
        }
    }
    const error = document.querySelector(".o_error_dialog, .o_dialog_error");
    if (document.querySelector(".modal-dialog")) {
        await services.action.doAction({type: "ir.actions.act_window_close"});
        await settle();
    }
    return {
        error: error ? error.innerText : "",
        unreachable: [...unreachable],
        faint: [...faint],
        texts: [...seen].map((text) => text.trim().replace(/\s+/g, " ")),
    };
};
