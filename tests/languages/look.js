/* What is seen or pressed with pains on the page as it is: unreachable by keys, or with too little
   contrast, where the page's own views choose the colour. */
(() => {
    // Odoo's own, wherever they are: in lists the arrow keys go on.
    const FOREIGN =
        ".o_list_table :is(th, td, button)[tabindex='-1'], .o_pager, .btn-close, " +
        ".o_external_button, .o_dropdown_button, " +
        ".o-mail-Chatter, .o-mail-ChatterContainer, .o-mail-Form-chatter, .o_datetime_picker, " +
        ".fc, .o-kanban-button-new, .o-dashboard-header, .o-dashboard-action-header, .ribbon, " +
        ".o_searchview, .o_cp_searchview, sup, input:disabled ~ label";
    const REACHED =
        ":is(a[href], button, input, select, textarea, summary, [tabindex]):not([tabindex^='-'])";
    const COLOURED = ".badge, [class*='text-']";

    const isReached = (element) => element.matches(REACHED) && element.checkVisibility();
    const getRoot = () =>
        document.querySelector(".modal-dialog") || document.querySelector(".o_action_manager");
    const describe = (element) =>
        `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
    const parse = (colour) => {
        const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
        return [red, green, blue, alpha];
    };
    const lay = ([red, green, blue, alpha], ground) =>
        [red, green, blue].map((value, index) => value * alpha + ground[index] * (1 - alpha));
    const getGround = (element) => {
        if (!element) {
            return [255, 255, 255];
        }
        const colour = parse(getComputedStyle(element).backgroundColor);
        return colour[3] === 1 ? colour.slice(0, 3) : lay(colour, getGround(element.parentElement));
    };
    const getOpacity = (element) =>
        element ? getComputedStyle(element).opacity * getOpacity(element.parentElement) : 1;
    const getLight = (colour) => {
        const [red, green, blue] = colour
            .map((value) => value / 255)
            .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const getContrast = (element) => {
        const ground = getGround(element);
        const [red, green, blue, alpha] = parse(getComputedStyle(element).color);
        const text = lay([red, green, blue, alpha * getOpacity(element)], ground);
        const [dark, light] = [getLight(text), getLight(ground)].sort((one, other) => one - other);
        return (light + 0.05) / (dark + 0.05);
    };

    window.findUnreachable = () =>
        [...getRoot().querySelectorAll("*")]
            .filter(
                (element) =>
                    element.checkVisibility() &&
                    (element.tagName === "CANVAS" ||
                        getComputedStyle(element).cursor === "pointer") &&
                    !element.closest(`${REACHED}, ${FOREIGN}`) &&
                    // Of a label its control is reached.
                    ![...element.querySelectorAll("*"), element.closest("label")?.control].some(
                        (other) => other && isReached(other)
                    )
            )
            .map(describe);
    window.findFaint = () => {
        const found = new Set();
        const walker = document.createTreeWalker(getRoot(), NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (
                walker.currentNode.textContent.trim() &&
                element.checkVisibility({checkOpacity: true}) &&
                element.closest(COLOURED) &&
                !element.closest(`${FOREIGN}, .visually-hidden, [disabled], .disabled, .fa, .oi`) &&
                getContrast(element) < 4.5
            ) {
                found.add(`${describe(element)} ${getContrast(element).toFixed(2)}`);
            }
        }
        return [...found];
    };
})();
